"""Compression of Keras models: recipes of stages, each checked before the next one starts."""

from __future__ import annotations
