"""Schemes of distillation: who teaches whom, one file each."""
