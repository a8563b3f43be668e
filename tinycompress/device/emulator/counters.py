"""Which way blocks are counted and alignment is checked: natively where that can be had."""

from __future__ import annotations

from tinycompress.device.emulator.counting import BlockCounter, PythonBlockCounter
from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.guards import AlignmentGuard, PythonAlignmentGuard
from tinycompress.device.emulator.native import (
    NativeAlignmentGuard,
    NativeBlockCounter,
    library,
)


def make_instruments(engine: Engine, *, native: bool) -> tuple[BlockCounter, AlignmentGuard]:
    """A block counter, not yet installed, and an alignment guard for an engine."""
    code = library() if native else None
    if code is None:
        return PythonBlockCounter(
            engine.hook_blocks, engine.stop, engine.register
        ), PythonAlignmentGuard(engine)
    return NativeBlockCounter(code, engine), NativeAlignmentGuard(code, engine)
