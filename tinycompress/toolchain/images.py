"""Flash images from the segments of an ELF: raw binary and Intel HEX.

Source: Intel, "Hexadecimal Object File Format Specification", revision A, 1988.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tinycompress.elf import ElfImage, Segment
from tinycompress.errors import ToolError

ERASED_BYTE = 0xFF
MAX_GAP_BYTES = 16 << 20
_RECORD_BYTES = 16
_DATA, _END_OF_FILE, _EXTENDED_LINEAR_ADDRESS, _START_LINEAR_ADDRESS = 0, 1, 4, 5


def flashed_segments(image: ElfImage) -> tuple[Segment, ...]:
    """The segments with bytes in the file, by the address that they are flashed to.

    Raises:
        ToolError: Two of them claim the same flash.
    """
    segments = sorted(
        (segment for segment in image.segments if segment.data),
        key=lambda segment: segment.physical_address,
    )
    for before, after in itertools.pairwise(segments):
        if before.physical_address + len(before.data) > after.physical_address:
            raise ToolError(
                f"{image.path}: two segments overlap in flash at 0x{after.physical_address:08x}"
            )
    return tuple(segments)


def binary_image(image: ElfImage) -> tuple[int, bytes]:
    """Address of the first flashed byte, and all bytes from it on; gaps read as erased flash.

    Raises:
        ToolError: Segments overlap or lie too far apart, or there is nothing to flash.
    """
    segments = flashed_segments(image)
    if not segments:
        raise ToolError(f"{image.path}: there is nothing in it to flash")
    origin = segments[0].physical_address
    image_bytes = bytearray()
    for segment in segments:
        gap = segment.physical_address - origin - len(image_bytes)
        if gap > MAX_GAP_BYTES:
            raise ToolError(
                f"{image.path}: {gap} bytes lie between two parts of the program; a raw binary"
                f" with more than {MAX_GAP_BYTES} unused bytes is not written",
                hint="let the board file hold code in one flash region",
            )
        image_bytes += bytes([ERASED_BYTE]) * gap + segment.data
    return origin, bytes(image_bytes)


def hex_image(image: ElfImage) -> str:
    """The flashed bytes as Intel HEX, with the program's entry; nothing for gaps.

    Raises:
        ToolError: Segments overlap.
    """
    lines: list[str] = []
    upper = 0
    for segment in flashed_segments(image):
        for address, data in _chunks(segment):
            if address >> 16 != upper:
                upper = address >> 16
                lines.append(_record(_EXTENDED_LINEAR_ADDRESS, 0, upper.to_bytes(2, "big")))
            lines.append(_record(_DATA, address & 0xFFFF, data))
    lines.append(_record(_START_LINEAR_ADDRESS, 0, image.entry.to_bytes(4, "big")))
    lines.append(_record(_END_OF_FILE, 0, b""))
    return "".join(f"{line}\n" for line in lines)


def _chunks(segment: Segment) -> Iterator[tuple[int, bytes]]:
    """Pieces that end at multiples of the record size, so none crosses a 64 KiB boundary."""
    done = 0
    while done < len(segment.data):
        address = segment.physical_address + done
        count = _RECORD_BYTES - address % _RECORD_BYTES
        piece = segment.data[done : done + count]
        yield address, piece
        done += len(piece)


def _record(kind: int, offset: int, data: bytes) -> str:
    body = bytes([len(data), offset >> 8, offset & 0xFF, kind]) + data
    return f":{(body + bytes([-sum(body) & 0xFF])).hex().upper()}"
