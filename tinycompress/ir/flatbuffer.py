"""A small reader of flatbuffer tables that checks every offset and length against the file.

The format: https://flatbuffers.dev/internals. All values are little-endian. A table starts with a
signed offset back to its vtable, which holds two sizes and then one 16-bit offset per field, 0 for
an absent field. Strings, vectors and sub-tables are reached through 32-bit forward offsets.

Nothing is copied or allocated before its size was checked. As well-formed looking tables may all
point to the same long vector, what is decoded into Python objects is also counted against a budget.
"""

from __future__ import annotations

import struct
from typing import Any, NoReturn

from tinycompress._lfs import HINT, IS_POINTER, is_lfs_pointer
from tinycompress.errors import ModelError

MAX_STRING_BYTES = 65_536
MAX_DECODED_ITEMS = 1_000_000

_SCALARS = {
    code: struct.Struct("<" + code) for code in ("b", "B", "h", "H", "i", "I", "q", "Q", "f", "?")
}
_OFFSET = _SCALARS["I"]
_BACK_OFFSET = _SCALARS["i"]
_VTABLE_ENTRY = _SCALARS["H"]
_VTABLE_HEADER_BYTES = 4
_BYTES_PER_ITEM = 32
_NAME_CHARS = 80


def damaged(what: str) -> NoReturn:
    """Refuse the file as damaged.

    Raises:
        ModelError: Always.
    """
    raise ModelError(
        f"damaged .tflite file: {what}",
        hint="export the model again, or fetch the file again and compare its size",
    )


def shorten(name: str) -> str:
    """A name for a message: converters join the names of all fused layers."""
    return name if len(name) <= _NAME_CHARS else f"{name[:_NAME_CHARS]}..."


class Flatbuffer:
    """The bytes of one flatbuffer file, with checked access.

    Args:
        data: The whole file; kept by reference.
        identifier: The four bytes that must follow the root offset.

    Raises:
        ModelError: The file is too short or has another identifier.
    """

    def __init__(self, data: bytes, identifier: bytes) -> None:
        self.data = data
        self._decoded = 0.0
        if len(data) < 8:
            damaged(f"it has {len(data)} bytes, too few for a header")
        if is_lfs_pointer(data):
            raise ModelError(f"the model {IS_POINTER}", hint=HINT)
        if data[4:8] != identifier:
            raise ModelError(
                f"not a .tflite file: bytes 4..7 are {data[4:8]!r}, expected {identifier!r}",
                hint="convert the model first: "
                "tinycompress convert MODEL --data calib.npz -o MODEL.tflite",
            )

    def root(self) -> Table:
        """The root table."""
        return Table(self, self.follow(0, "root table"))

    def scalar(self, code: str, position: int, what: str) -> Any:
        """The value of struct code ``code`` at byte ``position``; ModelError outside the file."""
        scalar = _SCALARS[code]
        if not 0 <= position <= len(self.data) - scalar.size:
            damaged(f"{what} at byte {position} is outside the {len(self.data)} bytes of the file")
        return scalar.unpack_from(self.data, position)[0]

    def follow(self, position: int, what: str) -> int:
        """Target of the forward offset stored at byte ``position``; ModelError outside the file."""
        target: int = position + self.scalar("I", position, what)
        if target > len(self.data) - _OFFSET.size:
            damaged(f"{what} at byte {position} points outside the file, to byte {target}")
        return target

    def vector(self, position: int, item_bytes: int, what: str) -> tuple[int, int]:
        """Byte of the first item and number of items of the vector whose offset is stored there."""
        start = self.follow(position, what)
        count: int = self.scalar("I", start, what)
        start += _OFFSET.size
        if count * item_bytes > len(self.data) - start:
            damaged(f"{what} at byte {start} claims {count} items, more than the file holds")
        return start, count

    def spend_bytes(self, size: int) -> None:
        """Count bytes that are about to be copied, in proportion; ModelError over the budget."""
        self.spend(size / _BYTES_PER_ITEM)

    def spend(self, items: float) -> None:
        """Count items that are about to become Python objects; ModelError over the budget."""
        self._decoded += items
        if self._decoded > MAX_DECODED_ITEMS:
            damaged(f"its tables describe more than {MAX_DECODED_ITEMS} items")


class Table:
    """One table of a flatbuffer; a field is named by its id in the schema."""

    __slots__ = ("_fields", "_file", "_position", "_vtable")

    def __init__(self, file: Flatbuffer, position: int) -> None:
        self._file = file
        self._position = position
        self._vtable = position - file.scalar("i", position, "table")
        size = file.scalar("H", self._vtable, "vtable")
        if size < _VTABLE_HEADER_BYTES or size > len(file.data) - self._vtable:
            damaged(f"the vtable at byte {self._vtable} has an impossible size, {size} bytes")
        self._fields = (size - _VTABLE_HEADER_BYTES) // _VTABLE_ENTRY.size

    def _at(self, field: int) -> int | None:
        """Byte at which the field is stored, None if it is absent."""
        if field >= self._fields:
            return None
        entry = self._vtable + _VTABLE_HEADER_BYTES + _VTABLE_ENTRY.size * field
        (offset,) = _VTABLE_ENTRY.unpack_from(self._file.data, entry)
        return self._position + offset if offset else None

    def scalar(self, field: int, code: str, default: Any) -> Any:
        """A number of struct code ``code`` (``?`` gives a bool)."""
        position = self._at(field)
        if position is None:
            return default
        return self._file.scalar(code, position, f"field {field}")

    def table(self, field: int) -> Table | None:
        """A sub-table."""
        position = self._at(field)
        if position is None:
            return None
        return Table(self._file, self._file.follow(position, f"field {field}"))

    def tables(self, field: int, what: str) -> TableVector:
        """A vector of tables; an empty one if the field is absent."""
        position = self._at(field)
        if position is None:
            return TableVector(self._file, 0, 0, what)
        start, count = self._file.vector(position, _OFFSET.size, what)
        return TableVector(self._file, start, count, what)

    def _numbers(self, field: int, code: str, what: str) -> tuple[Any, ...]:
        position = self._at(field)
        if position is None:
            return ()
        start, count = self._file.vector(position, _SCALARS[code].size, what)
        self._file.spend(count)
        return struct.unpack_from(f"<{count}{code}", self._file.data, start)

    def integers(self, field: int, what: str, code: str = "i") -> tuple[int, ...]:
        """A vector of integers of a struct code; empty if the field is absent."""
        return self._numbers(field, code, what)

    def floats(self, field: int, what: str) -> tuple[float, ...]:
        """A vector of float32 values; empty if the field is absent."""
        return self._numbers(field, "f", what)

    def extent(self, field: int, what: str) -> tuple[int, int]:
        """First byte and length of a vector of bytes; (0, 0) if the field is absent."""
        position = self._at(field)
        return (0, 0) if position is None else self._file.vector(position, 1, what)

    def string(self, field: int, what: str) -> str:
        """A string, empty if the field is absent.

        What is not UTF-8, and characters that would disturb a terminal, become U+FFFD.
        """
        start, size = self.extent(field, what)
        if size > MAX_STRING_BYTES:
            damaged(f"{what} is {size} bytes long, more than {MAX_STRING_BYTES}")
        self._file.spend_bytes(size)
        text = self._file.data[start : start + size].decode("utf-8", errors="replace")
        if text.isprintable():
            return text
        self._file.spend(len(text))
        return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


class TableVector:
    """A vector of tables, each read when it is asked for."""

    __slots__ = ("_count", "_file", "_start", "_what")

    def __init__(self, file: Flatbuffer, start: int, count: int, what: str) -> None:
        self._file = file
        self._start = start
        self._count = count
        self._what = what

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Table:
        """Table ``index``; ModelError (not IndexError) for an index that the file has wrong."""
        if not 0 <= index < self._count:
            damaged(f"{self._what} {index} is referred to, but there are {self._count}")
        self._file.spend(1)
        position = self._start + _OFFSET.size * index
        return Table(self._file, self._file.follow(position, self._what))
