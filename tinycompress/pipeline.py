"""The whole path, as one list that a reader understands in a minute.

    Keras model ─ convert ─> int8 .tflite ─ read ─> graph ─ generate ─> C sources
      ─ render ─> firmware project ─ build ─> ELF ─ bench ─> measured result

Every step is a stage of its own room and works alone; this module only puts them in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tinycompress import _files
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    BenchResult,
    BuiltFirmware,
    ConvertedModel,
    EngineName,
    ExactTo,
    ToolchainName,
)
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.options import Optimize
from tinycompress.conversion import convert_model
from tinycompress.conversion.carray import write_c_array
from tinycompress.device import ports
from tinycompress.device.connect import open_link
from tinycompress.device.flash.flashing import choose_ports, flash_board
from tinycompress.device.reconnect import answering_port, open_soon
from tinycompress.device.serve import Endpoint, PseudoTerminal, TcpServer
from tinycompress.device.serve import serve as serve_board
from tinycompress.errors import ConfigError, FlashError, MismatchError, ModelError
from tinycompress.firmware import load_project, render_project
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import ModelSummary, summarise
from tinycompress.measurement.bundle import write_bundle
from tinycompress.measurement.confirm import confirm
from tinycompress.measurement.measure import BenchOptions
from tinycompress.measurement.measure import bench as measure
from tinycompress.measurement.roster import Outcome, Task, read_roster, run_roster
from tinycompress.measurement.samples import load_samples
from tinycompress.toolchain import build as compile_project
from tinycompress.toolchain import load_built

Toolchain = Literal["auto"] | ToolchainName


@dataclass(frozen=True)
class Build:
    """What `build` made: the int8 model and the firmware that runs it."""

    model: ConvertedModel
    firmware: BuiltFirmware
    trades: tuple[str, ...] = ()
    """Where the engine gave speed for memory, in words."""


def convert(
    model: str | Path,
    data: str | Path | None,
    output: str | Path | None = None,
    *,
    val: str | Path | None = None,
    progress: Progress = no_progress,
) -> ConvertedModel:
    """Turn a Keras model into a fully-int8 ``.tflite``; a ``.tflite`` is checked and passed on.

    Args:
        model: ``.keras`` (Keras 3 or tf_keras), ``.h5``, SavedModel directory or ``.tflite``.
        data: ``.npz`` with the calibration samples ``x`` (and, for accuracy, labels ``y``); needed
            for everything but a ``.tflite``.
        output: File to write; None writes nothing.
        val: ``.npz`` with samples ``x`` and labels ``y`` that float and int8 accuracy are counted
            on; None takes ``data``.
        progress: Told what is under way.

    Raises:
        ConfigError: The model file or the data are unusable.
        ModelError: The model cannot be made fully int8.
    """
    progress("convert to int8")
    converted = convert_model(
        Path(model),
        None if data is None else Path(data),
        evaluation=None if val is None else Path(val),
    )
    if output is not None:
        _files.write_bytes(Path(output), converted.tflite)
    return converted


def build(
    model: str | Path,
    board: str | Path,
    *,
    data: str | Path | None = None,
    val: str | Path | None = None,
    engine: EngineName = "aot",
    toolchain: Toolchain = "auto",
    exact_to: ExactTo = "tflm",
    optimize: Optimize = "speed",
    ram_budget_bytes: int | None = None,
    transport: Literal["usb", "uart"] | None = None,
    output: str | Path | None = None,
    progress: Progress = no_progress,
) -> Build:
    """Build firmware that runs a model on a board.

    Args:
        model: As in `convert`.
        board: Id, alias or file of the board.
        data: Calibration samples, needed unless ``model`` is a ``.tflite``.
        val: Labelled samples to count accuracy on, as in `convert`.
        engine: Whose kernels run on the device.
        toolchain: Compiler; ``auto`` takes the one that pip brought.
        exact_to: Whose arithmetic the firmware reproduces byte for byte.
        optimize: Whether speed, RAM or flash comes first where kernels differ in them.
        ram_budget_bytes: Bytes that the arena may take.
        transport: Over what the firmware talks, on a board that has a choice; None takes what its
            file says.
        output: Directory of the project; None names it after model and board.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    target = load_board(str(board))
    if transport is not None:
        target = target.over("usb-cdc" if transport == "usb" else "uart")
    directory = default_directory(model, target) if output is None else Path(output)
    converted = convert(model, data, val=val, progress=progress)
    progress("generate C")
    graph = read_model(converted.tflite)
    chosen = CodegenOptions.for_board(
        target, exact_to=exact_to, optimize=optimize, ram_budget_bytes=ram_budget_bytes
    )
    sources = generate(graph, chosen)
    progress("write the project")
    project = render_project(
        sources, target, directory, tflite=converted.tflite, model_name=model_name(model)
    )
    firmware = compile_project(project, target, toolchain=toolchain, progress=progress)
    return Build(converted, firmware, sources.trades)


@dataclass(frozen=True)
class Flashed:
    """What `flash` did: the method, and the port on which the firmware proved to be the one.

    ``port`` is None if nothing could be asked, because the firmware answers on UART pins and no
    adapter was named.
    """

    method: str
    port: str | None

    def require_port(self) -> str:
        """The port to go on with.

        Raises:
            FlashError: The firmware was not asked, so nobody knows where it answers.
        """
        if self.port is None:
            raise FlashError(
                "the firmware answers on the board's UART pins, and no adapter's port was named",
                hint="--answer-port PORT (see `tinycompress ports`)",
            )
        return self.port


def flash(
    directory: str | Path,
    *,
    board: str | Path | None = None,
    port: str | None = None,
    answer_port: str | None = None,
    method: str | None = None,
    progress: Progress = no_progress,
) -> Flashed:
    """Write built firmware to a real board, and make sure that it runs there.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        port: The board's own port or its USB serial number; None takes the only one that fits. A
            port with other USB ids than the board's is taken for ``answer_port``.
        answer_port: Port on which the firmware answers, where that is another: an adapter on the
            board's UART pins.
        method: The only method to try; None tries those of the board file in their order.
        progress: Told what is under way.

    Raises:
        FlashError: No board, no way to flash it, or the flashing failed.
        DeviceError: It was flashed, but something else answers, or nothing.
    """
    built, target = _built(directory, board)
    where = choose_ports(target, port, answer_port)
    images = {**built.images, "elf": built.elf}
    done = flash_board(target, images, port=where.own, method=method, progress=progress)
    answers = where.adapter
    if answers is None:
        progress("wait for the board")
        found = answering_port(target, where.own)
        if found is None:
            return Flashed(done, None)
        answers = found.device
    progress("ask the board what it runs")
    link = open_soon(answers, target.serial.baud)
    try:
        confirm(built, link)
    finally:
        link.close()
    return Flashed(done, answers)


def _built(directory: str | Path, board: str | Path | None) -> tuple[BuiltFirmware, Board]:
    """The firmware in a project directory and the board that it is for."""
    project = load_project(Path(directory))
    target = load_board(project.board_id if board is None else str(board))
    if target.id != project.board_id:
        raise ConfigError(
            f"{directory} was built for the board {project.board_id}, not {target.id}",
            hint=f"tinycompress build MODEL --board {target.id}",
        )
    target = target.over(project.transport)
    return load_built(project, target), target


def bench(
    directory: str | Path,
    *,
    board: str | Path | None = None,
    port: str | None = None,
    samples: str | Path | None = None,
    runs: int = 5,
    output: str | Path | None = None,
    progress: Progress = no_progress,
) -> BenchResult:
    """Measure built firmware on its board: the emulated one, or a real one behind a port.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        port: Serial port of a real board; None runs the ELF on the virtual board.
        samples: ``.npz`` with inputs ``x`` (and, for accuracy, labels ``y``).
        runs: Timed runs after warm-up.
        output: Directory for the result bundle; None writes none.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    built, target = _built(directory, board)
    wanted = None if samples is None else load_samples(Path(samples))
    tflite = (built.project.directory / "model.tflite").read_bytes()
    link = open_link(target, built.elf, port=port and ports.resolve(port))
    try:
        result = measure(
            built, target, link, tflite=tflite, samples=wanted,
            options=BenchOptions(runs=runs), progress=progress,
        )  # fmt: skip
    finally:
        link.close()
    if output is not None:
        write_bundle(result, built, Path(output))
    return result


def bench_all(
    roster: str | Path, *, output: str | Path | None = None, progress: Progress = no_progress
) -> tuple[Outcome, ...]:
    """Measure every board of a roster, side by side; one that fails stops no other.

    Args:
        roster: TOML file of ports and boards (docs/flashing.md).
        output: Directory that gets one result bundle for each board; None writes none.
        progress: Told how many are finished.

    Raises:
        ConfigError: The roster has problems; all of them are listed.
    """
    tasks = read_roster(Path(roster), None if output is None else Path(output))
    return run_roster(tasks, _bench_task, progress=progress)


def _bench_task(task: Task) -> BenchResult:
    port = task.answer_port or task.port
    if task.flash:
        port = flash(
            task.directory, board=task.board, port=task.port, answer_port=task.answer_port
        ).require_port()
    return bench(
        task.directory,
        board=task.board,
        port=port,
        samples=task.samples,
        runs=task.runs,
        output=task.bundle,
    )


def serve(
    directory: str | Path,
    *,
    board: str | Path | None = None,
    tcp: tuple[str, int] | None = None,
    opened: Callable[[str], object] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Put the emulated board behind a pseudo-terminal or a socket, until told to stop.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        tcp: Address and port to listen at; None makes a pseudo-terminal.
        opened: Told what a program has to open: a device file, or a URL of pyserial's.
        stop: Asked several times a second.
        say: Told of faults and resets of the board.

    Raises:
        TinyCompressError: The project cannot be loaded, or there is no such address.
    """
    from tinycompress.device.emulator import VirtualBoard

    built, target = _built(directory, board)
    endpoint: Endpoint = PseudoTerminal() if tcp is None else TcpServer(*tcp)
    virtual = VirtualBoard(target, built.elf)
    try:
        opened(endpoint.name)
        serve_board(virtual, endpoint, stop=stop, say=say)
    finally:
        endpoint.close()
        virtual.close()


def require_exact(result: BenchResult) -> None:
    """Turn outputs that differ from the oracle's into an error.

    Raises:
        MismatchError: At least one sample's outputs differ.
    """
    if result.mismatched_samples:
        raise MismatchError(
            f"{result.mismatched_samples} of {result.samples} samples give other bytes on the "
            f"device than the {result.oracle} oracle gives",
            hint="report this with the model: exactness is what tinycompress promises",
        )


def carray(
    model: str | Path, output: str | Path, *, name: str | None = None, alignment: int = 16
) -> tuple[Path, Path]:
    """Write a ``.tflite`` as an aligned C array; the paths of the source and the header.

    Raises:
        ConfigError: The file cannot be read, or the directory not written.
        ModelError: The file is no TFLite model.
    """
    path = Path(model)
    return write_c_array(
        _read_file(path), name or model_name(path), Path(output), alignment=alignment
    )


@dataclass(frozen=True)
class Inspection:
    """What is known of a ``.tflite`` without compiling anything.

    ``refused`` are the reasons why the AOT engine does not take the model; empty if it does, and
    then ``arena_bytes`` is exact and ``peak_layer`` names where it is needed.
    """

    path: Path
    tflite_bytes: int
    summary: ModelSummary
    exact_to: ExactTo
    refused: tuple[str, ...]
    arena_bytes: int | None
    weights_bytes: int | None
    peak_layer: str | None
    board: Board | None


def inspect(
    model: str | Path, *, board: str | Path | None = None, exact_to: ExactTo = "tflm"
) -> Inspection:
    """Look into a ``.tflite``: operators, costs, what is not int8, what a board would have to hold.

    Raises:
        ConfigError: The file cannot be read, or the board is unknown.
        ModelError: The file is no TFLite model.
    """
    path = Path(model)
    target = None if board is None else load_board(str(board))
    data = _read_file(path)
    graph = read_model(data)
    summary = summarise(graph)
    options = CodegenOptions(exact_to=exact_to)
    if target is not None:
        options = CodegenOptions(exact_to=exact_to, core=target.cpu.core, dsp=target.cpu.dsp)
    try:
        sources = generate(graph, options)
    except ModelError as error:
        return Inspection(
            path, len(data), summary, exact_to, error.reasons or (error.message,),
            None, None, None, target,
        )  # fmt: skip
    return Inspection(
        path, len(data), summary, exact_to, (),
        sources.arena_bytes, sources.weights_bytes, sources.peak_layer, target,
    )  # fmt: skip


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error


def model_name(model: str | Path) -> str:
    """Name of a model for people and files: its file name without the suffix."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(model).resolve().stem) or "model"


def default_directory(model: str | Path, board: Board) -> Path:
    """Directory that `build` uses when none is named: after model and board, where the user is."""
    short = min((board.id, *board.aliases), key=len)
    return Path(f"{model_name(model)}-{short}")
