"""Firmware that is built to see what it takes, and put away again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from tinycompress.artifacts import BenchResult, FlashSizes, GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.connect import emulation_tells_time
from tinycompress.errors import ConfigError
from tinycompress.ir.graph import Model
from tinycompress.measurement.scratch import bench_emulated, scratch_firmware
from tinycompress.pipeline.job import Job


@dataclass(frozen=True)
class Trial:
    """Sources, what they take of flash as linked, and how long they run if they were run."""

    sources: GeneratedSources
    flash: FlashSizes
    result: BenchResult | None

    @property
    def flash_bytes(self) -> int:
        """All bytes that would be flashed."""
        return self.flash.total_bytes

    @property
    def latency_us(self) -> float:
        """The slowest run on the emulated board."""
        if self.result is None or self.result.latency_us is None:
            raise AssertionError("only trials that were run are asked for their time")
        return self.result.latency_us.max

    def correction_bytes(self) -> int:
        """What the linked firmware takes beyond the estimate for the model."""
        return self.flash_bytes - (self.sources.flash_estimate_bytes or 0)


class Trials:
    """Builds one model for one board in several ways.

    Args:
        job: The model, the board, the toolchain.
        model: What the reader made of the model.
        timed: Whether each firmware is run on the emulated board as well.

    Raises:
        ConfigError: Nothing tells the time on the emulated board.
    """

    def __init__(self, job: Job, model: Model, *, timed: bool) -> None:
        if timed and not emulation_tells_time(job.board):
            raise ConfigError(
                f"nothing tells the time on the emulated {job.board.name}",
                hint="build without --latency-budget, and measure on the board: bench --port PORT",
            )
        self._job = job
        self._model = model
        self._timed = timed
        self._generated: dict[CodegenOptions, GeneratedSources] = {}
        self._linked: dict[Hashable, Trial] = {}

    def sources(self, options: CodegenOptions) -> GeneratedSources:
        """The model's C; of options that were seen before, that of then.

        Raises:
            DoesNotFitError: No choice of kernels keeps within the RAM budget.
        """
        if options not in self._generated:
            self._generated[options] = generate(self._model, options)
        return self._generated[options]

    def linked(self, sources: GeneratedSources) -> Trial:
        """The sources as firmware; of equal ones the firmware of then.

        Raises:
            DoesNotFitError: The board is too small.
            ToolError: The compiler failed.
        """
        key = tuple(sorted(sources.files.items()))
        if key not in self._linked:
            self._job.progress(f"try firmware {len(self._linked) + 1}")
            self._linked[key] = self._link(sources)
        return self._linked[key]

    @property
    def smallest(self) -> Trial:
        """Of all firmware that was linked, of which there must be some."""
        return min(self._linked.values(), key=lambda trial: trial.flash_bytes)

    def _link(self, sources: GeneratedSources) -> Trial:
        job = self._job
        with scratch_firmware(
            sources, job.board, job.model.tflite,
            model_name=job.name, toolchain=job.options.toolchain,
        ) as built:  # fmt: skip
            if not self._timed:
                return Trial(sources, built.flash, None)
            result = bench_emulated(built, job.board, job.model.tflite)
        return Trial(sources, built.flash, result)
