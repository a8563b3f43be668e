"""The runtimes whose output bytes are right by definition."""

from __future__ import annotations

from tinycompress.oracle.arena import host_arena_bytes
from tinycompress.oracle.cascade import AnyOracle, open_oracle
from tinycompress.oracle.oracle import Oracle
from tinycompress.oracle.refusal import refusal

__all__ = ["AnyOracle", "Oracle", "host_arena_bytes", "open_oracle", "refusal"]
