"""UF2 files, which boot loaders take on a USB drive.

Source: Microsoft, "USB Flashing Format (UF2)" (github.com/microsoft/uf2, README.md).
"""

from __future__ import annotations

import struct

from tinycompress.elf import ElfImage
from tinycompress.errors import ToolError
from tinycompress.toolchain.images import ERASED_BYTE, flashed_segments

BLOCK_BYTES = 512
PAYLOAD_BYTES = 256
"""Payload and alignment that every boot loader takes."""

SECTOR_BYTES = 4096
_DATA_BYTES = 476
_MAGIC_START = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_FAMILY_ID_PRESENT = 0x2000


def uf2_image(image: ElfImage, family_id: int) -> bytes:
    """The flashed bytes of a program as a UF2 file.

    Pages that the program does not fill are padded as erased flash. Every sector but the last is
    written as a whole: the RP2040's boot ROM tells by the number of a block, not by its address,
    whether a sector was erased already (RP2040 datasheet, erratum RP2040-E14; raspberrypi/pico-sdk
    pull request 800).

    Args:
        image: The program.
        family_id: The microcontroller's number in utils/uf2families.json of microsoft/uf2.

    Raises:
        ToolError: Segments overlap, or there is nothing to flash.
    """
    pages = _pages(image)
    return b"".join(
        _block(address, bytes(pages[address]), number, len(pages), family_id)
        for number, address in enumerate(sorted(pages))
    )


def _pages(image: ElfImage) -> dict[int, bytearray]:
    """Contents of every page that is written, by its address."""
    pages: dict[int, bytearray] = {}

    def page(address: int) -> bytearray:
        return pages.setdefault(address, bytearray([ERASED_BYTE]) * PAYLOAD_BYTES)

    for segment in flashed_segments(image):
        done = 0
        while done < len(segment.data):
            address = segment.physical_address + done
            offset = address % PAYLOAD_BYTES
            piece = segment.data[done : done + PAYLOAD_BYTES - offset]
            page(address - offset)[offset : offset + len(piece)] = piece
            done += len(piece)
    if not pages:
        raise ToolError(f"{image.path}: there is nothing in it to flash")
    last = max(pages)
    for sector in {address - address % SECTOR_BYTES for address in pages}:
        for address in range(sector, min(sector + SECTOR_BYTES, last), PAYLOAD_BYTES):
            page(address)
    return pages


def _block(address: int, payload: bytes, number: int, total: int, family_id: int) -> bytes:
    head = struct.pack(
        "<8I", *_MAGIC_START, _FAMILY_ID_PRESENT, address, PAYLOAD_BYTES, number, total, family_id
    )
    return head + payload.ljust(_DATA_BYTES, bytes([ERASED_BYTE])) + struct.pack("<I", _MAGIC_END)
