"""What is built of what, and what came out: the two artifacts that the ways to firmware share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tinycompress._arduino_cli import require_arduino_cli
from tinycompress._progress import Progress
from tinycompress.artifacts import BuiltFirmware, ConvertedModel, FirmwareProject, Simplification
from tinycompress.boards import Board
from tinycompress.errors import ConfigError
from tinycompress.options import BuildOptions
from tinycompress.pipeline.names import c_name


@dataclass(frozen=True)
class Job:
    """One integer model for one board, and where its project goes."""

    model: ConvertedModel
    name: str
    board: Board
    directory: Path
    options: BuildOptions
    progress: Progress

    @property
    def command(self) -> tuple[str, ...]:
        """What builds the same firmware from the project's own model file."""
        words = ("tinycompress", "build", "model.tflite", "--board", self.board.id)
        options = self.options
        if options.engine == "aot" and options.name is None:
            # The file in the project is called otherwise than the user's.
            options = replace(options, name=c_name(self.name, None))
        return (*words, *options.words())


@dataclass(frozen=True)
class KeptBudgets:
    """Budgets that were kept, and by what: flash as linked, latency as the emulated board models
    it; None for what was not asked for. ``more_arena_bytes`` is what the arena takes beyond that of
    the fastest kernels."""

    flash_budget_bytes: int | None
    flash_bytes: int
    latency_budget_us: float | None
    latency_us: float | None
    more_arena_bytes: int = 0


@dataclass(frozen=True)
class Build:
    """What `build` made: the integer model, the project, and the firmware that runs the model.

    ``board`` is as the framework and the chosen transport leave it. ``firmware`` is None where the
    framework's tools are the user's to run; ``command`` builds the project then, in its directory,
    and is empty elsewhere. ``trades`` says in words where the engine gave speed for memory;
    ``simplification`` what it left out of the model, None if nothing. ``budgets`` are those of
    flash and latency, None if there are none.
    """

    model: ConvertedModel
    board: Board
    project: FirmwareProject
    firmware: BuiltFirmware | None
    command: str = ""
    trades: tuple[str, ...] = ()
    simplification: Simplification | None = None
    budgets: KeptBudgets | None = None

    @property
    def directory(self) -> Path:
        """Directory of the project, which `bench` takes."""
        return self.project.directory

    def require_firmware(self) -> BuiltFirmware:
        """The compiled firmware.

        Raises:
            ToolError: arduino-cli is not installed.
            ConfigError: The project is for the user to compile.
        """
        if self.firmware is not None:
            return self.firmware
        if self.project.framework == "arduino":
            require_arduino_cli()
        raise ConfigError(
            f"{self.directory} is not compiled yet",
            hint=f"in that directory: {self.command}",
        )
