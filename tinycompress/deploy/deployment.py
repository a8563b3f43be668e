"""What an int8 file costs on a board: built for it and run once on its virtual twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import ExactTo, LayerCost, Optimize
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.reader import read_model
from tinycompress.measurement.exactness import require_exact
from tinycompress.measurement.measure import BenchOptions
from tinycompress.measurement.scratch import bench_emulated, scratch_firmware


@dataclass(frozen=True)
class Deployment:
    """What one inference and the firmware around it take; bytes from the ELF, cycles modelled.

    Of ``flash_bytes``, ``weights_bytes`` are weights, biases and tables, and ``kernels_bytes`` the
    code of the operators with the decoders of weights. Where weights are encoded they take
    ``encoded_bytes`` instead of ``encoded_int8_bytes``. ``ram_bytes`` is what is used, with the
    stack as far as the run reached; ``ram_reserved_bytes`` what the firmware takes of the board,
    with the whole stack that is set aside. ``latency_us`` is None where QEMU runs the firmware,
    which says nothing of time.
    """

    flash_bytes: int
    weights_bytes: int
    kernels_bytes: int
    encoded_bytes: int
    encoded_int8_bytes: int
    ram_bytes: int
    ram_reserved_bytes: int
    arena_bytes: int
    instructions: int
    latency_us: float | None
    fits: bool

    def figures(self) -> Mapping[str, int | float]:
        """The same as a mapping, for tables and logs; what is not known is left out."""
        latency = {} if self.latency_us is None else {"latency_us": self.latency_us}
        return {
            "flash_bytes": self.flash_bytes,
            "weights_bytes": self.weights_bytes,
            "kernels_bytes": self.kernels_bytes,
            "encoded_bytes": self.encoded_bytes,
            "encoded_int8_bytes": self.encoded_int8_bytes,
            "ram_bytes": self.ram_bytes,
            "ram_reserved_bytes": self.ram_reserved_bytes,
            "arena_bytes": self.arena_bytes,
            "instructions": self.instructions,
            **latency,
            "fits": int(self.fits),
        }


def deploy(
    tflite: bytes, board: Board, *, exact_to: ExactTo = "tflm", optimize: Optimize = "speed"
) -> Deployment:
    """As `deploy_by_layer`, without the layers."""
    return deploy_by_layer(tflite, board, exact_to=exact_to, optimize=optimize)[0]


def deploy_by_layer(
    tflite: bytes, board: Board, *, exact_to: ExactTo = "tflm", optimize: Optimize = "speed"
) -> tuple[Deployment, tuple[LayerCost, ...]]:
    """Build an int8 model for a board and run it on the virtual board.

    Args:
        tflite: The int8 model.
        board: What to build for and run on.
        exact_to: Whose arithmetic the firmware reproduces.
        optimize: What the firmware is built for, as in ``build``.

    Returns:
        What the whole takes, and what each layer of it was measured to take.

    Raises:
        ModelError: The engine does not take the model.
        DoesNotFitError: It cannot even be linked for the board.
        ToolError: No compiler.
        DeviceError: The firmware does not run.
        MismatchError: It gives other bytes than the runtime of ``exact_to``.
    """
    options = CodegenOptions.for_board(board, exact_to=exact_to, optimize=optimize)
    sources = generate(read_model(tflite), options)
    encoded = [layer.weights for layer in sources.layers if layer.weights is not None]
    with scratch_firmware(sources, board, tflite) as built:
        result = bench_emulated(built, board, tflite, BenchOptions(runs=1))
    if result.mismatched_samples:
        require_exact(result)
    ram_bytes = result.ram.used_bytes
    if result.instructions is None or ram_bytes is None:
        raise AssertionError("a virtual board counts instructions and paints its stack")
    whole = Deployment(
        flash_bytes=result.flash.total_bytes,
        weights_bytes=result.flash.weights_bytes,
        kernels_bytes=result.flash.kernels_bytes,
        encoded_bytes=sum(weights.encoded_bytes for weights in encoded),
        encoded_int8_bytes=sum(weights.int8_bytes for weights in encoded),
        ram_bytes=ram_bytes,
        ram_reserved_bytes=result.ram.reserved_bytes,
        arena_bytes=result.ram.arena_bytes,
        instructions=round(result.instructions.median),
        latency_us=None if result.latency_us is None else result.latency_us.median,
        fits=result.fits,
    )
    return whole, result.layers


def figures_or_misfit(
    tflite: bytes, board: Board, *, exact_to: ExactTo = "tflm", optimize: Optimize = "speed"
) -> Mapping[str, int | float]:
    """Like `deploy`, but a model that does not fit is a figure (``fits`` 0), not an error."""
    try:
        return deploy(tflite, board, exact_to=exact_to, optimize=optimize).figures()
    except DoesNotFitError:
        return {"fits": 0}


def measured_on(board: Board, optimize: Optimize) -> str:
    """What figures are told to be of; those of another place are measured anew."""
    default = CodegenOptions.optimize
    return board.id if optimize == default else f"{board.id} --optimize {optimize}"


def figures_by_file(
    paths: Sequence[Path], board: str | Path, *, progress: Progress = no_progress
) -> dict[Path, Mapping[str, int | float]]:
    """`figures_or_misfit` of several ``.tflite`` files.

    Args:
        paths: The files.
        board: Id, alias or file of the board.
        progress: Told which is under way.

    Raises:
        TinyCompressError: As `deploy`.
    """
    target = load_board(str(board))
    found = {}
    for path in paths:
        progress(f"run {path.name} on {target.name}")
        found[path] = figures_or_misfit(path.read_bytes(), target)
    return found
