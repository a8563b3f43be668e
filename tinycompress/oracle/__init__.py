"""The runtimes whose output bytes are right by definition."""

from __future__ import annotations

from tinycompress.oracle.oracle import Oracle

__all__ = ["Oracle"]
