"""Virtual boards: Unicorn runs the very ELF that would be flashed, on the board's memory map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinycompress.device.emulator.counting import TracePoint
    from tinycompress.device.emulator.virtual_board import VirtualBoard

__all__ = ["TracePoint", "VirtualBoard"]

_HOMES = {"TracePoint": "counting", "VirtualBoard": "virtual_board"}


def __getattr__(name: str) -> Any:
    # Unicorn and capstone take a while to load; whoever only names this package need not wait.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
