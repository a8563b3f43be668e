"""What boot ROMs check before they start a program, and how they start it.

A ROM that refuses a program leaves a board silent. Here it says why.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.device.emulator.peripherals.memory import Memory


@dataclass(frozen=True)
class Start:
    """The core's state at the program's first instruction.

    ``vector_table`` is what VTOR holds, None if nothing has written it.
    """

    pc: int
    stack: int
    vector_table: int | None = None


BootRom = Callable[[Memory], Start]
"""Finds the program in memory.

Raises:
    RefusedError: The ROM would not start it.
"""


class RefusedError(Exception):
    """There is no program that would start, and why."""


def refusal(what: str) -> RefusedError:
    """The error of a ROM that does not start a program."""
    return RefusedError(f"the boot ROM does not start this program: {what}")


def from_vectors(memory: Memory, address: int) -> Start:
    """A start through the vector table at an address."""
    stack, entry = struct.unpack("<II", memory.read(address, 8))
    if not entry & 1:
        raise RefusedError(
            f"the reset vector 0x{entry:08x} at 0x{address + 4:08x} has no Thumb bit: there is no "
            "program for this board"
        )
    return Start(entry & ~1, stack & ~3, address)


# --- RP2040 (datasheet 2.8.1.3) ------------------------------------------------------------------

_RP_FLASH = 0x1000_0000
_RP2040_RUNS_AT = 0x2004_1F00
_RP2040_STAGE_BYTES = 256


def rp2040(memory: Memory) -> Start:
    """Check the second-stage boot loader, copy it to RAM, run it there on the ROM's own stack."""
    code = memory.read(_RP_FLASH, _RP2040_STAGE_BYTES)
    found, wanted = int.from_bytes(code[-4:], "little"), crc32_mpeg2(code[:-4])
    if found != wanted:
        raise refusal(
            f"the checksum of its second-stage boot loader is 0x{found:08x}, not 0x{wanted:08x}"
        )
    memory.write(_RP2040_RUNS_AT, code)
    return Start(_RP2040_RUNS_AT, _RP2040_RUNS_AT)


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32 with polynomial 0x04C11DB7 from 0xFFFFFFFF, neither reflected nor inverted."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 & 0xFFFF_FFFF ^ (0x04C1_1DB7 if crc >> 31 else 0)
    return crc


# --- RP2350 (datasheet 5.1.4 Image definitions, 5.9 Metadata block details) ----------------------

_BLOCK_SEARCHED_BYTES = 4096
_BLOCK_BEGINS, _BLOCK_ENDS = 0xFFFF_DED3, 0xAB12_3579
_ITEM_IMAGE_TYPE, _ITEM_LAST = 0x42, 0xFF
# IMAGE_TYPE flags: executable, secure, Arm, for the RP2350.
_SECURE_ARM_PROGRAM = 0x1021


def rp2350(memory: Memory) -> Start:
    """Look for an image definition in the first 4 KiB, and start at the vector table of flash."""
    words = struct.unpack(
        f"<{_BLOCK_SEARCHED_BYTES // 4}I", memory.read(_RP_FLASH, _BLOCK_SEARCHED_BYTES)
    )
    if _BLOCK_BEGINS not in words:
        raise refusal("there is no image definition in the first 4 KiB of flash")
    _check_image_definition(words[words.index(_BLOCK_BEGINS) + 1 :])
    return from_vectors(memory, _RP_FLASH)


def _check_image_definition(words: tuple[int, ...]) -> None:
    at, image_type = 0, None
    while at < len(words) and words[at] & 0xFF != _ITEM_LAST:
        item = words[at]
        if item & 0xFF == _ITEM_IMAGE_TYPE:
            image_type = item >> 16
        # Types from 0x80 on have sizes of two bytes.
        at += item >> 8 & (0xFFFF if item & 0x80 else 0xFF) or 1
    ends = words[at : at + 3]
    if len(ends) != 3 or ends[2] != _BLOCK_ENDS or ends[0] >> 8 & 0xFFFF != at:
        raise refusal("its image definition has no end, or another length than it says")
    if ends[1]:
        raise refusal("its image definition names a next block, and there is only one")
    if image_type != _SECURE_ARM_PROGRAM:
        raise refusal("its image definition is not that of a secure Arm program for the RP2350")


# --- i.MX RT1060 (IMXRT1060RM, System Boot: FlexSPI NOR, Image Vector Table, Boot Data) -----------

_RT_FLASH = 0x6000_0000
_CONFIGURATION_TAG = 0x4246_4346  # "FCFB"
_SIZE_AT, _LOOKUP_AT = 0x50, 0x80
_IVT_AT = 0x1000
_IVT_TAG, _IVT_BYTES, _IVT_VERSION = 0xD1, 32, 4
_QUAD_IO_READ = 0xEB


def imxrt1060(flash_bytes: int) -> BootRom:
    """Read the flash's configuration, then follow the image vector table.

    Args:
        flash_bytes: Size of the chip at FlexSPI's port A.
    """

    def boot(memory: Memory) -> Start:
        _check_flash_configuration(memory, flash_bytes)
        ivt = struct.unpack("<8I", memory.read(_RT_FLASH + _IVT_AT, _IVT_BYTES))
        header, entry, _, configuration, boot_data, itself, _, _ = ivt
        # Tag, length (big-endian), version.
        if (header & 0xFF, header >> 8 & 0xFFFF) != (_IVT_TAG, _IVT_BYTES << 8):
            raise refusal(f"there is no image vector table at 0x{_RT_FLASH + _IVT_AT:08x}")
        if header >> 28 != _IVT_VERSION or itself != _RT_FLASH + _IVT_AT or configuration:
            raise refusal("its image vector table does not describe itself")
        start, length, plugin = struct.unpack("<3I", memory.read(boot_data, 12))
        if start != _RT_FLASH or plugin or not _IVT_AT < length <= flash_bytes:
            raise refusal("its boot data name other memory than the flash chip's")
        if not _RT_FLASH < entry < _RT_FLASH + length:
            raise refusal(f"its entry 0x{entry:08x} lies outside of the image")
        return from_vectors(memory, entry) if not entry & 1 else Start(entry & ~1, _RT_ROM_STACK)

    return boot


# Top of the first bank of OCRAM, which the ROM uses.
_RT_ROM_STACK = 0x2020_8000


def _check_flash_configuration(memory: Memory, flash_bytes: int) -> None:
    tag, version = struct.unpack("<II", memory.read(_RT_FLASH, 8))
    if tag != _CONFIGURATION_TAG or version >> 16 != 0x5601:
        raise refusal("flash does not begin with a configuration block for FlexSPI")
    size = int.from_bytes(memory.read(_RT_FLASH + _SIZE_AT, 4), "little")
    if size != flash_bytes:
        raise refusal(
            f"the configuration block speaks of {size} bytes of flash; the board has {flash_bytes}"
        )
    first = int.from_bytes(memory.read(_RT_FLASH + _LOOKUP_AT, 2), "little")
    # CMD_SDR (1) on one line, with the command as operand.
    if first != 1 << 10 | _QUAD_IO_READ:
        raise refusal("the look-up table's read sequence does not begin with EBh")
