"""What may follow a build at once: flashing, measuring, and a budget file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import BenchResult
from tinycompress.pipeline.files import require_no_library
from tinycompress.pipeline.flashing import Flashed, flash
from tinycompress.pipeline.job import Build
from tinycompress.pipeline.limits import Limit, Limits, checked, require_limits
from tinycompress.pipeline.measuring import bench, require_promises


@dataclass(frozen=True)
class Then:
    """What is to follow. Ports are as in `flash`, samples as in `bench`, limits as in `checked`."""

    flash: bool = False
    bench: bool = False
    port: str | None = None
    answer_port: str | None = None
    samples: str | Path | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class Afterwards:
    """What followed; None for what was not asked for."""

    flashed: Flashed | None
    result: BenchResult | None
    limits: tuple[Limit, ...] = ()

    def require_promises(self) -> None:
        """Refuse a result that breaks a promise of the build.

        Raises:
            MismatchError: At least one sample's outputs differ, or could not be compared.
            DoesNotFitError: A run took longer than the latency budget, or a limit is not kept.
        """
        if self.result is not None:
            require_promises(self.result)
        require_limits(self.limits)


def go_on(
    made: Build, board: str | Path, then: Then, *, progress: Progress = no_progress
) -> Afterwards:
    """Flash what was built, and measure it: on the flashed board, else on the emulated one.

    Args:
        made: What was built.
        board: Id, alias or file of its board.
        then: What is to follow.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    require_no_library(made.project)
    made.require_firmware()
    flashed = result = None
    if then.flash:
        flashed = flash(
            made.directory, board=board, port=then.port, answer_port=then.answer_port,
            progress=progress,
        )  # fmt: skip
    if then.bench:
        port = None if flashed is None else flashed.require_port()
        result = bench(
            made.directory, board=board, port=port, samples=then.samples, progress=progress
        )
    return Afterwards(flashed, result, _limits(made, board, then, result, progress))


def _limits(
    made: Build, board: str | Path, then: Then, result: BenchResult | None, progress: Progress
) -> tuple[Limit, ...]:
    """Limits of the budget file, with the time that the emulated board takes where none is known.

    Raises:
        ConfigError: A figure is not known.
    """
    if then.limits is None:
        return ()
    if then.limits.latency is not None and result is None:
        result = bench(made.directory, board=board, progress=progress)
    return checked(then.limits, made, result)
