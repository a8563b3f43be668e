"""Cascades of keyword models and of models for pictures: ``make cascade``, docs/cascades.md."""
