"""A reader of the flexbuffers that hold the options of custom operators: maps of integers.

The format: https://flatbuffers.dev/flexbuffers. A buffer is read from its end: the last byte is the
width of the root's slot, the one before it the root's type, and then the slot. A map is a vector of
values with their types behind them, and before it the offset of a vector of keys.
"""

from __future__ import annotations

MAX_ENTRIES = 64
"""No operator has so many options."""

_WIDTHS = (1, 2, 4, 8)
_MAP = 9
_INTEGERS = frozenset({1, 2, 26})
"""Signed, unsigned, bool: what lies in the slot itself."""


def read_integers(data: bytes) -> dict[str, int]:
    """The entries of a map of integers and bools, in the order of the buffer.

    Signs are as TFLM reads them: whatever an integer's type is, its highest bit is the sign.

    Args:
        data: The whole buffer.

    Raises:
        ValueError: It is damaged, no map, or has a value of another type.
    """
    if len(data) < 3:
        raise ValueError(f"{len(data)} bytes are no flexbuffer")
    width, packed = data[-1], data[-2]
    if width not in _WIDTHS or packed >> 2 != _MAP:
        raise ValueError("the options are no flexbuffer with a map")
    at = len(data) - 2 - width
    return _map(data, at - _unsigned(data, at, width), _WIDTHS[packed & 3])


def _map(data: bytes, at: int, width: int) -> dict[str, int]:
    count = _unsigned(data, at - width, width)
    if count > MAX_ENTRIES:
        raise ValueError(f"the options have {count} entries (allowed: {MAX_ENTRIES})")
    key_width = _unsigned(data, at - 2 * width, width)
    if key_width not in _WIDTHS:
        raise ValueError("the keys of the options are damaged")
    keys_slot = at - 3 * width
    keys = keys_slot - _unsigned(data, keys_slot, width)
    found: dict[str, int] = {}
    for entry in range(count):
        slot = keys + entry * key_width
        name = _text(data, slot - _unsigned(data, slot, key_width))
        kind = _unsigned(data, at + count * width + entry, 1) >> 2
        if kind not in _INTEGERS:
            raise ValueError(f"option {name} is no integer")
        found[name] = int.from_bytes(_slot(data, at + entry * width, width), "little", signed=True)
    return found


def _unsigned(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(_slot(data, at, width), "little")


def _slot(data: bytes, at: int, width: int) -> bytes:
    if not 0 <= at <= len(data) - width:
        raise ValueError("the options point outside themselves")
    return data[at : at + width]


def _text(data: bytes, at: int) -> str:
    end = data.find(b"\0", at) if at >= 0 else -1
    if end < 0:
        raise ValueError("a key of the options has no end")
    return data[at:end].decode("utf-8", errors="replace")
