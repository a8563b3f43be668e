"""The least arena that TFLM runs a model in, found on the emulated board.

TFLM can say what it has allocated, but that is not always enough to run: while it plans memory, it
needs temporary room that it does not count. So the very firmware is run with smaller and smaller
arenas. The size that the interpreter is given is a constant of the program, which is changed in a
copy of the ELF; all else stays as it was linked.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import ArenaFigure, BuiltFirmware, RamSizes
from tinycompress.boards import Board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.elf import patched
from tinycompress.errors import DeviceError, DoesNotFitError
from tinycompress.measurement.client import DeviceClient
from tinycompress.measurement.messages import Status, status_text

ALIGNMENT_BYTES = 16
MARGIN_DIVISOR = 64
MIN_MARGIN_BYTES = 128

_SIZE_SYMBOL = "tcm_arena_bytes"
_USED_SYMBOL = "tcm_arena_used_bytes"


def margin_bytes(needed_bytes: int) -> int:
    """What is added to the measured need: one part in 64, at least 128 bytes, in steps of 16.

    The need is exact for the library that was measured. The margin is for one that is built anew
    from another commit or by another compiler, whose own structures may be a little larger.
    """
    return max(MIN_MARGIN_BYTES, _rounded_up(needed_bytes // MARGIN_DIVISOR))


def _rounded_up(count: int) -> int:
    return -(-count // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def largest_arena_bytes(ram: RamSizes, board: Board) -> int:
    """The largest arena that links: its region less the stack and static data that share it."""
    region = board.region_for("arena")
    free = region.length
    if "stack" in region.holds:
        free -= ram.stack_reserved_bytes + ALIGNMENT_BYTES
    if "data" in region.holds:
        free -= ram.static_bytes + 2 * ALIGNMENT_BYTES
    return max(0, free) // ALIGNMENT_BYTES * ALIGNMENT_BYTES


def measure_arena(
    built: BuiltFirmware, board: Board, *, peak_layer: str, progress: Progress = no_progress
) -> ArenaFigure:
    """Search for the least arena, in steps of 16 bytes.

    Args:
        built: Firmware of the engine ``tflm``, linked with the largest arena to try.
        board: Its board; the search runs on its emulation.
        peak_layer: The layer that runs while most activations are live, for messages.
        progress: Told how many sizes were tried.

    Raises:
        DoesNotFitError: The model does not run in the largest arena either.
        DeviceError: The firmware fails for another reason than its arena.
        BoardError: The board has no emulation.
    """
    largest = built.ram.arena_bytes
    used = _used_bytes(built, board, peak_layer)
    tried = 0

    def suffices(units: int) -> bool:
        nonlocal tried
        tried += 1
        progress("search for the least arena", tried)
        return _suffices(built, board, units * ALIGNMENT_BYTES)

    units = least(suffices, used // ALIGNMENT_BYTES, largest // ALIGNMENT_BYTES)
    needed = units * ALIGNMENT_BYTES
    margin = min(margin_bytes(needed), largest - needed)
    return ArenaFigure(needed, margin, "emulated", used)


def least(suffices: Callable[[int], bool], guess: int, known: int) -> int:
    """The least number that suffices, where every larger one does too.

    Args:
        suffices: The question.
        guess: Where the answer is likely to be near.
        known: A number that suffices.
    """
    low, high, step = 0, known, 1
    at = min(guess, known)
    # Away from the guess in growing steps, until the answer is known to lie in low..high.
    if at == known or suffices(at):
        high = at
        while low < high:
            at = max(high - step, 0)
            if not suffices(at):
                low = at + 1
                break
            high, step = at, 2 * step
    else:
        low = at + 1
        while low + step < high:
            at = low + step
            if suffices(at):
                high = at
                break
            low, step = at + 1, 2 * step
    while low < high:
        middle = (low + high) // 2
        if suffices(middle):
            high = middle
        else:
            low = middle + 1
    return high


def _used_bytes(built: BuiltFirmware, board: Board, peak_layer: str) -> int:
    """Run with the whole arena, where every failure counts; what TFLM says that it took."""
    link = VirtualBoard(board, built.elf)
    try:
        client = DeviceClient(link, elf=built.elf)
        hello = client.hello()
        if hello.model_status == Status.ARENA:
            raise DoesNotFitError(
                f"the model needs a larger arena than the {built.ram.arena_bytes:,} bytes that "
                f"{board.name} has for it beside stack and static data (most activations are live "
                f"at layer {peak_layer!r})",
                hint="a smaller input or fewer channels there, a larger board (`tinycompress "
                "boards`), or the engine that needs less: --engine aot",
            )
        if hello.model_status != Status.OK:
            raise DeviceError(
                f"TensorFlow Lite Micro does not start: {status_text(hello.model_status)}",
                phase="HELLO",
                hint="is the library of --tflm-dir from the same checkout as its headers?",
            )
        client.run(1, reset=True)
        address = link.image.require_symbol(_USED_SYMBOL).address
        return int(struct.unpack("<I", link.read_memory(address, 4))[0])
    finally:
        link.close()


def _suffices(built: BuiltFirmware, board: Board, arena_bytes: int) -> bool:
    """Whether allocation and one inference succeed in an arena of this size."""
    with tempfile.TemporaryDirectory(prefix="tinycompress-arena-") as directory:
        elf = Path(directory) / "firmware.elf"
        elf.write_bytes(patched(built.elf, _SIZE_SYMBOL, struct.pack("<I", arena_bytes)))
        link = VirtualBoard(board, elf)
    try:
        client = DeviceClient(link, elf=built.elf)
        if client.hello().model_status != Status.OK:
            return False
        client.run(1, reset=True)
    except DeviceError:
        # The same firmware ran with more memory: without it, TFLM's release build faults.
        return False
    finally:
        link.close()
    return True
