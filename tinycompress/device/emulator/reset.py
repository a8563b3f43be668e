"""What happens between power-on and the firmware's first instruction."""

from __future__ import annotations

import struct

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.families import Microcontroller
from tinycompress.device.emulator.peripherals.system_control import SystemControl
from tinycompress.elf import ElfImage
from tinycompress.errors import DeviceError

_VECTOR_ALIGNMENT = 128


def reset(
    board: Board, image: ElfImage, mcu: Microcontroller, engine: Engine, control: SystemControl
) -> int:
    """Set stack pointer and vector table as hardware, boot ROM or boot loader do.

    Returns:
        Address of the first instruction.

    Raises:
        DeviceError: There is no program that would start.
    """
    if mcu.boots_from is not None:
        return _boot_from_rom(image, mcu.boots_from, engine)
    vectors = board.region_for("code").origin
    if vectors % _VECTOR_ALIGNMENT:
        raise DeviceError(
            f"the vector table at 0x{vectors:08x} is not a multiple of {_VECTOR_ALIGNMENT}",
            phase="LOAD",
        )
    # A boot loader that jumps to the program has set VTOR to its table, as reset has elsewhere.
    control.vector_table.value = vectors
    stack, entry = struct.unpack("<II", engine.read_memory(vectors, 8))
    if not entry & 1:
        raise DeviceError(
            f"{image.path}: the reset vector 0x{entry:08x} at 0x{vectors + 4:08x} has no Thumb "
            "bit: there is no program for this board",
            phase="LOAD",
        )
    engine.set_register("sp", stack & ~3)
    return int(entry & ~1)


def _boot_from_rom(image: ElfImage, copied: tuple[int, int, int], engine: Engine) -> int:
    """The RP2040's boot ROM: check the second-stage boot loader, copy it to RAM, run it there."""
    source, target, size = copied
    code = engine.read_memory(source, size)
    found, wanted = int.from_bytes(code[-4:], "little"), crc32_mpeg2(code[:-4])
    if found != wanted:
        raise DeviceError(
            f"the boot ROM refuses the second-stage boot loader of {image.path}: its checksum is "
            f"0x{found:08x}, not 0x{wanted:08x}",
            phase="LOAD",
        )
    engine.write_memory(target, code)
    # The boot ROM's own stack.
    engine.set_register("sp", target)
    return target


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32 with polynomial 0x04C11DB7 from 0xFFFFFFFF, neither reflected nor inverted."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 & 0xFFFF_FFFF ^ (0x04C1_1DB7 if crc >> 31 else 0)
    return crc
