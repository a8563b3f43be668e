"""What happens between power-on and the firmware's first instruction."""

from __future__ import annotations

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.boot_roms import RefusedError, Start, from_vectors
from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.families import Microcontroller
from tinycompress.device.emulator.peripherals.memory import Memory
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
    memory = Memory(engine.read_memory, engine.write_memory)
    try:
        start = _from_code_region(board, memory) if mcu.boot_rom is None else mcu.boot_rom(memory)
    except RefusedError as error:
        raise DeviceError(f"{image.path}: {error}", phase="LOAD") from error
    if start.vector_table is not None:
        control.vector_table.value = start.vector_table
    engine.set_register("sp", start.stack)
    return start.pc


def _from_code_region(board: Board, memory: Memory) -> Start:
    vectors = board.region_for("code").origin
    if vectors % _VECTOR_ALIGNMENT:
        raise RefusedError(
            f"the vector table at 0x{vectors:08x} is not a multiple of {_VECTOR_ALIGNMENT}"
        )
    # A boot loader that jumps to the program has set VTOR to its table, as reset has elsewhere.
    return from_vectors(memory, vectors)
