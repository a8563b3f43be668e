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
from tinycompress.device.connect import open_link
from tinycompress.device.link import Link
from tinycompress.elf import patched
from tinycompress.errors import DeviceError, DoesNotFitError
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.messages import Status, status_text

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
    built: BuiltFirmware,
    board: Board,
    *,
    peak: tuple[int, str],
    qemu: bool = False,
    progress: Progress = no_progress,
) -> ArenaFigure:
    """Search for the least arena, in steps of 16 bytes.

    Args:
        built: Firmware of the engine ``tflm``, linked with the largest arena to try.
        board: Its board; the search runs on its emulation.
        peak: Bytes of activations that are live at once, and the layer that runs then.
        qemu: Whether QEMU emulates the board, as it does in any case where only it can.
        progress: Told how many sizes were tried.

    Raises:
        DoesNotFitError: The model does not run in the largest arena either.
        DeviceError: The firmware fails for another reason than its arena.
        BoardError: The board has no emulation.
        ToolError: Only QEMU could emulate it, and is not there.
    """
    largest = built.ram.arena_bytes
    peak_bytes, peak_layer = peak
    used = _used_bytes(built, open_link(board, built.elf, qemu=qemu), board, peak_layer)
    tried = 0

    def suffices(units: int) -> bool:
        nonlocal tried
        tried += 1
        progress("search for the least arena", tried)
        return runs_in(built, board, units * ALIGNMENT_BYTES, qemu=qemu)

    guess = peak_bytes if used is None else used
    units = least(suffices, guess // ALIGNMENT_BYTES, largest // ALIGNMENT_BYTES)
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


def runs_in(built: BuiltFirmware, board: Board, arena_bytes: int, *, qemu: bool = False) -> bool:
    """Whether allocation and one inference succeed in an arena of this size.

    Args:
        built: Firmware that runs in a larger one.
        board: Its board.
        arena_bytes: The size, at most that which was linked.
        qemu: As in `measure_arena`.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-arena-") as directory:
        elf = Path(directory) / "firmware.elf"
        elf.write_bytes(patched(built.elf, _SIZE_SYMBOL, struct.pack("<I", arena_bytes)))
        link = open_link(board, elf, qemu=qemu)
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


def _used_bytes(built: BuiltFirmware, link: Link, board: Board, peak_layer: str) -> int | None:
    """Run with the whole arena, where every failure counts.

    Returns:
        What TFLM says that it took; None where the emulation cannot be looked into.
    """
    # Not at the top: the emulator takes a while to load, and most commands do without this module.
    from tinycompress.device.emulator import VirtualBoard

    try:
        client = DeviceClient(link, elf=built.elf)
        status = client.hello().model_status
        if status == Status.ARENA:
            raise _too_large(built, board, peak_layer)
        if status != Status.OK:
            raise DeviceError(
                f"TensorFlow Lite Micro does not start: {status_text(status)}",
                phase="HELLO",
                hint="is the library of --tflm-dir from the same checkout as its headers?",
            )
        client.run(1, reset=True)
        if not isinstance(link, VirtualBoard):
            return None
        address = link.image.require_symbol(_USED_SYMBOL).address
        return int(struct.unpack("<I", link.read_memory(address, 4))[0])
    finally:
        link.close()


def _too_large(built: BuiltFirmware, board: Board, peak_layer: str) -> DoesNotFitError:
    return DoesNotFitError(
        f"the model needs a larger arena than the {built.ram.arena_bytes:,} bytes that "
        f"{board.name} has for it beside stack and static data (most activations are live at "
        f"layer {peak_layer!r})",
        hint="a smaller input or fewer channels there, a larger board (`tinycompress boards`), or "
        "the engine that needs less: --engine aot",
    )
