"""From firmware to measured results, on one board or on every board of a roster."""

from __future__ import annotations

from pathlib import Path

from tinycompress import _serial_ports as ports
from tinycompress._owner import owned_beside
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import BenchResult, BuiltFirmware
from tinycompress.boards import Board
from tinycompress.device.connect import open_link
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs
from tinycompress.measurement.bundle import write_bundle
from tinycompress.measurement.exactness import require_exact
from tinycompress.measurement.measure import BenchOptions
from tinycompress.measurement.measure import bench as measure
from tinycompress.measurement.promises import require_promises
from tinycompress.measurement.roster import Outcome, Task, read_roster, run_roster
from tinycompress.measurement.samples import Samples, load_samples
from tinycompress.pipeline.files import built_firmware, require_emulated
from tinycompress.pipeline.flashing import flash


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
    """Measure built firmware on its board: the emulated one, or what is behind a port.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        port: Serial port of a board, real or behind `serve`, which the result tells; None runs the
            ELF on the virtual board.
        samples: ``.npz`` with inputs ``x`` (and, for accuracy, labels ``y``). Those of a model that
            keeps state are one stream, or several where ``reset`` in the file says so.
        runs: Timed runs after warm-up.
        output: Directory for the result bundle; None writes none. While ``samples`` are run, the
            device's answers are kept beside it, so that an interrupted run can go on.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    built, target = built_firmware(directory, board)
    if port is None:
        require_emulated(built)
    # Two runs would write their answers into one file.
    with owned_beside(None if output is None else Path(output)):
        return _measure(built, target, port, samples, runs, output, progress)


def _measure(
    built: BuiltFirmware,
    target: Board,
    port: str | None,
    samples: str | Path | None,
    runs: int,
    output: str | Path | None,
    progress: Progress,
) -> BenchResult:
    tflite = (built.project.directory / "model.tflite").read_bytes()
    inputs = input_specs(read_model(tflite).main)
    wanted = None if samples is None else load_samples(Path(samples), inputs)
    link = open_link(target, built.elf, port=port and ports.resolve(port))
    try:
        result = measure(
            built, target, link, tflite=tflite, samples=wanted,
            options=BenchOptions(runs=runs), resume=_answers_file(wanted, output),
            progress=progress,
        )  # fmt: skip
    finally:
        link.close()
    if output is not None:
        command = _command(built, port, samples, runs)
        write_bundle(result, built, Path(output), board=target, command=command)
    return result


def _command(
    built: BuiltFirmware, port: str | None, samples: str | Path | None, runs: int
) -> tuple[str, ...]:
    """What measures the same again."""
    words = ["tinycompress", "bench", str(built.project.directory)]
    words += [] if port is None else ["--port", port]
    words += [] if samples is None else ["--samples", str(samples)]
    return (*words, "--runs", str(runs))


def _answers_file(samples: Samples | None, output: str | Path | None) -> Path | None:
    """Where answers are kept: beside the bundle, since the bundle is there as a whole or not."""
    if samples is None or output is None:
        return None
    bundle = Path(output).resolve()
    return bundle.with_name(f"{bundle.name}.answers")


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


__all__ = ["bench", "bench_all", "require_exact", "require_promises"]
