"""Sources that keep a budget of flash or of time, found by linking and running firmware.

The engine chooses by estimates; the linker and the emulated board have the last word. Where an
estimate was off, the engine chooses again with what it was off by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tinycompress.artifacts import GeneratedSources, LayerInfo
from tinycompress.codegen import CodegenOptions
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.job import Job
from tinycompress.pipeline.trials import Trial, Trials

_LINKS = 10
"""Firmware that is tried for a budget, at most, before the smallest or fastest one."""
_NAMED = 3
"""Layers that a refusal names."""
_US_PER_S = 1e6


def sources_within(job: Job, options: CodegenOptions) -> GeneratedSources:
    """The model's C whose firmware keeps the budgets.

    Args:
        job: The model, the board, and the budgets.
        options: What else the caller chose.

    Raises:
        DoesNotFitError: Nothing keeps them; says how near it came, and which layers are in the way.
        ConfigError: Nothing tells the time on the emulated board.
    """
    flash, latency = job.options.flash_budget_bytes, job.options.latency_budget_us
    trials = Trials(job, read_model(job.model.tflite), timed=latency is not None)
    if flash is not None:
        trial = _Flash(trials, options, flash).found()
        if latency is not None and trial.latency_us > latency:
            raise _too_slow(trial, latency, f"within {flash:,} bytes of flash")
    else:
        assert latency is not None
        trial = _Latency(trials, options, latency, job.board.cpu.clock_hz).found()
    said = (*trial.sources.trades, *_said(trial, flash, latency))
    return replace(trial.sources, trades=said, latency_budget_us=latency)


def _said(trial: Trial, flash: int | None, latency: float | None) -> Iterable[str]:
    if flash is not None:
        yield f"{trial.flash_bytes:,} bytes of flash keep the budget of {flash:,}"
    if latency is not None:
        yield (
            f"{trial.latency_us:,.1f} us, modelled on the emulated board, keep the budget of"
            f" {latency:,.1f} us"
        )


@dataclass
class _Flash:
    """The fewest predicted cycles in so much flash: layers with copies of kernels, or without."""

    trials: Trials
    options: CodegenOptions
    budget_bytes: int

    def found(self) -> Trial:
        """The firmware.

        Raises:
            DoesNotFitError: None is small enough.
        """
        quick = self._linked(self.options)
        if quick is not None and quick.flash_bytes <= self.budget_bytes:
            return quick
        smallest = self._smallest()
        if smallest.flash_bytes > self.budget_bytes:
            raise _too_large(smallest, self.budget_bytes)
        # By what firmware takes beyond the estimate, with a copy of a kernel for each layer or not.
        corrections = {"flash": smallest.correction_bytes()}
        if quick is not None:
            corrections["speed"] = quick.correction_bytes()
        best = smallest
        for _ in range(_LINKS):
            choice = self._cheapest(corrections)
            if choice is None or _cost(choice[1]) >= _cost(best.sources):
                break
            optimize, sources = choice
            trial = self._try(sources)
            if trial is not None and trial.flash_bytes <= self.budget_bytes:
                best = trial
                # Once more for what is left of the budget, if the estimate was too high.
                if trial.correction_bytes() >= corrections[optimize]:
                    break
                corrections[optimize] = trial.correction_bytes()
            elif trial is not None and trial.correction_bytes() > corrections[optimize]:
                corrections[optimize] = trial.correction_bytes()
            else:
                del corrections[optimize]
        return best

    def _cheapest(self, corrections: dict[str, int]) -> tuple[str, GeneratedSources] | None:
        """What is predicted to take fewest cycles of what is estimated to fit."""
        found = []
        for optimize, correction in corrections.items():
            allowance = self.budget_bytes - correction
            if allowance <= 0:
                continue
            sources = self._generated(optimize, allowance)
            if (sources.flash_estimate_bytes or 0) <= allowance:
                found.append((optimize, sources))
        return min(found, key=lambda each: _cost(each[1]), default=None)

    def _generated(self, optimize: str, allowance: int) -> GeneratedSources:
        return self.trials.sources(
            replace(self.options, optimize=optimize, flash_allowance_bytes=allowance)  # type: ignore[arg-type]
        )

    def _smallest(self) -> Trial:
        return self.trials.linked(self._generated("flash", 0))

    def _linked(self, options: CodegenOptions) -> Trial | None:
        return self._try(self.trials.sources(options))

    def _try(self, sources: GeneratedSources) -> Trial | None:
        """The firmware, None where the board is too small for it."""
        try:
            return self.trials.linked(sources)
        except DoesNotFitError:
            return None


@dataclass
class _Latency:
    """The least flash for so much time."""

    trials: Trials
    options: CodegenOptions
    budget_us: float
    clock_hz: int

    def found(self) -> Trial:
        """The firmware.

        Raises:
            DoesNotFitError: None is fast enough.
        """
        quick = self.trials.linked(self.trials.sources(self.options))
        if quick.latency_us > self.budget_us:
            raise _too_slow(quick, self.budget_us, "by the fastest kernels")
        best = quick
        for optimize in ("flash", "speed"):
            best = min(best, self._smallest(optimize, quick), key=lambda each: each.flash_bytes)
        return best

    def _smallest(self, optimize: str, quick: Trial) -> Trial:
        """The smallest with a copy of a kernel for each layer, or without."""
        best, more = quick, self._cycles(self.budget_us - quick.latency_us)
        for _ in range(_LINKS // 2):
            trial = self.trials.linked(self._generated(optimize, more))
            spare = self._cycles(self.budget_us - trial.latency_us)
            if spare >= 0:
                return min(best, trial, key=lambda each: each.flash_bytes)
            if more == 0:
                break
            more = max(more + spare, 0.0)
        return best

    def _cycles(self, us: float) -> float:
        return us * self.clock_hz / _US_PER_S

    def _generated(self, optimize: str, more_cycles: float) -> GeneratedSources:
        return self.trials.sources(
            replace(self.options, optimize=optimize, more_cycles=more_cycles)  # type: ignore[arg-type]
        )


def _cost(sources: GeneratedSources) -> float:
    return sources.predicted_cost or 0.0


def _too_large(smallest: Trial, budget_bytes: int) -> DoesNotFitError:
    flash = smallest.flash
    layers = sorted(smallest.sources.layers, key=lambda layer: -layer.constants_bytes)[:_NAMED]
    return DoesNotFitError(
        f"the smallest firmware takes {smallest.flash_bytes:,} bytes of flash, the budget is"
        f" {budget_bytes:,}: weights {flash.weights_bytes:,}, kernels {flash.kernels_bytes:,},"
        f" runtime {flash.runtime_bytes:,}, platform {flash.platform_bytes:,}; most of it"
        f" {_listed(layers)}",
        hint=f"--flash-budget {smallest.flash_bytes} can be kept; pruning and clustering make"
        " weights smaller: tinycompress inspect MODEL --weights",
    )


def _listed(layers: Iterable[LayerInfo]) -> str:
    return ", ".join(f"'{layer.name}' {layer.constants_bytes:,}" for layer in layers)


def _too_slow(trial: Trial, budget_us: float, how: str) -> DoesNotFitError:
    assert trial.result is not None
    layers = sorted(trial.result.layers, key=lambda layer: -(layer.cycles or 0))[:_NAMED]
    named = ", ".join(f"'{layer.name}' {layer.cycles or 0:,} cycles" for layer in layers)
    return DoesNotFitError(
        f"an inference takes {trial.latency_us:,.1f} us {how}, modelled on the emulated board; the"
        f" budget is {budget_us:,.1f} us: most of it {named}",
        hint=f"--latency-budget {trial.latency_us / 1000:.3f}ms or more can be kept; fewer channels"
        " make layers faster: tinycompress compress",
    )
