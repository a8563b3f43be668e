"""Real memory of a board: what there is, and what of the ELF goes where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.bus import PAGE_BYTES
from tinycompress.elf import ElfImage
from tinycompress.errors import DeviceError

MemoryKind = Literal["flash", "ram"]
_ERASED = b"\xff"
# Not zero, so that firmware which relies on zeros in RAM that it never wrote shows.
_POWER_ON = b"\xcd"
_PERIPHERALS_FROM, _PERIPHERALS_TO = 0x4000_0000, 0x6000_0000
_PRIVATE_BUS_FROM = 0xE000_0000


@dataclass(frozen=True)
class Range:
    """A stretch of real memory. ``aliases`` are addresses at which it appears as well."""

    name: str
    kind: MemoryKind
    start: int
    size_bytes: int
    aliases: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """First address after it."""
        return self.start + self.size_bytes

    def holds(self, address: int, size_bytes: int = 1) -> bool:
        """Whether all of ``size_bytes`` at ``address`` lie in it."""
        return self.start <= address and address + size_bytes <= self.end


@dataclass(frozen=True)
class Contents:
    """A range as it is mapped: whole pages, what they hold, and whether code runs from there."""

    range: Range
    data: bytes
    executable: bool


class MemoryMap:
    """The memory of a board with an ELF in it.

    The board file's regions are real memory to the byte; the emulated core's pages are 1 KiB, so a
    region that begins or ends within a page is rounded to whole pages.

    Args:
        board: The board.
        image: The firmware.
        extra: Memory of the microcontroller that the board file does not give to the firmware.
        aliases: Start of a region -> further addresses at which the same memory appears.

    Raises:
        DeviceError: A segment lies outside of the board's memory.
    """

    def __init__(
        self,
        board: Board,
        image: ElfImage,
        *,
        extra: tuple[Range, ...] = (),
        aliases: dict[int, tuple[int, ...]] | None = None,
    ) -> None:
        listed = [Range(r.name, r.kind, r.origin, r.length) for r in board.memory]
        _check_segments(board, image, listed)
        self.ranges = tuple(
            Range(r.name, r.kind, r.start, r.size_bytes, (aliases or {}).get(r.start, ()))
            for r in _merge([*listed, *extra])
        )
        self._image = image

    def contents(self) -> list[Contents]:
        """What to map, with the bytes of the ELF at their physical addresses."""
        mapped = []
        for memory in self.ranges:
            fill = _ERASED if memory.kind == "flash" else _POWER_ON
            data = bytearray(fill * memory.size_bytes)
            for segment in self._image.segments:
                if segment.data and memory.holds(segment.physical_address):
                    at = segment.physical_address - memory.start
                    data[at : at + len(segment.data)] = segment.data
            runs_code = memory.kind == "flash" or any(
                segment.executable and memory.holds(segment.address)
                for segment in self._image.segments
            )
            mapped.append(Contents(memory, bytes(data), runs_code))
        return mapped

    def describe(self, address: int) -> str:
        """What is at an address, for messages: ``"flash"``, ``"a peripheral"``, ``"no memory"``."""
        for memory in self.ranges:
            if memory.holds(address):
                return "flash" if memory.kind == "flash" else "RAM"
        if _PERIPHERALS_FROM <= address < _PERIPHERALS_TO or address >= _PRIVATE_BUS_FROM:
            return "a peripheral"
        return "no memory"

    def is_peripheral(self, address: int) -> bool:
        """Whether an address belongs to peripherals or the private peripheral bus."""
        return self.describe(address) == "a peripheral"

    def below_ram(self, address: int) -> bool:
        """Whether an address lies shortly below RAM, where a stack that overflows ends up."""
        return any(
            memory.kind == "ram" and memory.start - 0x10000 <= address < memory.start
            for memory in self.ranges
        )


def _check_segments(board: Board, image: ElfImage, regions: list[Range]) -> None:
    joined = _join(regions)
    for segment in image.segments:
        places = [(segment.address, segment.memory_bytes)]
        if segment.data:
            places.append((segment.physical_address, len(segment.data)))
        for address, size in places:
            if size and not any(region.holds(address, size) for region in joined):
                raise DeviceError(
                    f"{image.path}: a segment of {size} bytes at 0x{address:08x} lies outside of "
                    f"the memory of {board.id} ({_list(regions)})",
                    phase="LOAD",
                    hint="was it built for another board? tinycompress build --board " + board.id,
                )


def _list(regions: list[Range]) -> str:
    return ", ".join(f"{r.name} 0x{r.start:08x}..0x{r.end:08x}" for r in regions)


def _merge(regions: list[Range]) -> list[Range]:
    """Round to pages and join."""
    rounded = []
    for region in regions:
        start = region.start // PAGE_BYTES * PAGE_BYTES
        end = -(-region.end // PAGE_BYTES) * PAGE_BYTES
        rounded.append(Range(region.name, region.kind, start, end - start))
    return _join(rounded)


def _join(regions: list[Range]) -> list[Range]:
    """Join what overlaps or touches within one kind."""
    merged: list[Range] = []
    for region in sorted(regions, key=lambda r: (r.kind, r.start)):
        if merged and merged[-1].kind == region.kind and region.start <= merged[-1].end:
            last = merged.pop()
            end = max(last.end, region.end)
            region = Range(last.name, last.kind, last.start, end - last.start)
        merged.append(region)
    return merged
