"""Sources that keep a budget of flash or of time, found by linking and running firmware.

The engine chooses by estimates; the linker and the emulated board have the last word. Where an
estimate was off, the engine chooses again with what it was off by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from tinycompress.artifacts import GeneratedSources, LayerInfo, Optimize
from tinycompress.codegen import CodegenOptions
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.job import Job, KeptBudgets
from tinycompress.pipeline.trials import Trial, Trials

_LINKS = 8
"""Firmware that is tried for a budget, at most, beside the fastest and the smallest."""
_NAMED = 3
"""Layers that a refusal names."""
_US_PER_S = 1e6


def sources_within(job: Job, options: CodegenOptions) -> tuple[GeneratedSources, KeptBudgets]:
    """The model's C whose firmware keeps the budgets, and how near it comes to them.

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
    taken_us = None if latency is None else trial.latency_us
    more = trial.sources.arena_bytes - trials.sources(options).arena_bytes
    kept = KeptBudgets(flash, trial.flash_bytes, latency, taken_us, more)
    return replace(trial.sources, latency_budget_us=latency), kept


@dataclass
class _Way:
    """One way to compile kernels, a copy for each layer or one for all, and how near it came.

    Args:
        optimize: Which of the two.
        allowance_bytes: What the model may be estimated to take, next time.
        fitting: The largest allowance that kept the budget.
        failing: The smallest that did not.
    """

    optimize: Optimize
    allowance_bytes: int
    fitting: int | None = None
    failing: int | None = None

    def learn(self, trial: Trial, budget_bytes: int) -> None:
        """See by what the estimate was off."""
        spare = budget_bytes - trial.flash_bytes
        if spare >= 0:
            self.fitting = self.allowance_bytes
        else:
            self.failing = min(self.allowance_bytes, trial.sources.flash_estimate_bytes or 0)
        if self.fitting is None:
            # Other choices may be off by less than this one.
            self.allowance_bytes = (self.failing or 0) + min(spare // 2, -1)
        elif self.failing is None:
            self.allowance_bytes = self.fitting + spare
        else:
            self.allowance_bytes = (self.fitting + self.failing) // 2


@dataclass
class _Flash:
    """The fewest predicted cycles in so much flash."""

    trials: Trials
    options: CodegenOptions
    budget_bytes: int

    def found(self) -> Trial:
        """The firmware.

        Raises:
            DoesNotFitError: None is small enough.
        """
        quick = self._try(self.trials.sources(self.options))
        if quick is not None and self._fits(quick):
            # What is left may hold weights that are expanded for fewer products.
            way = _Way("speed", self.budget_bytes - quick.correction_bytes())
            return self._searched([way], quick) or quick
        shared = self._try(self.trials.sources(replace(self.options, optimize="flash")))
        known: dict[Optimize, Trial | None] = {"speed": quick, "flash": shared}
        ways = [
            _Way(optimize, self.budget_bytes - trial.correction_bytes())
            for optimize, trial in known.items()
            if trial is not None
        ]
        best = self._searched(ways, shared if shared is not None and self._fits(shared) else None)
        if best is not None:
            return best
        smallest = self._smallest()
        if self._fits(smallest):
            # The board itself was too small for what the search could have learnt from.
            way = _Way("flash", self.budget_bytes - smallest.correction_bytes())
            return self._searched([way], smallest) or smallest
        raise _too_large(self.trials.smallest, self.budget_bytes)

    def _searched(self, ways: Sequence[_Way], best: Trial | None) -> Trial | None:
        """The fewest predicted cycles of what fits, no more of them than the best so far."""
        for _ in range(_LINKS):
            offers = [(way, self._sources(way)) for way in ways if way.allowance_bytes > 0]
            cheaper = [
                (way, sources)
                for way, sources in offers
                if (sources.flash_estimate_bytes or 0) <= way.allowance_bytes
                and (best is None or _cost(sources) < _cost(best.sources))
            ]
            if not cheaper:
                break
            way, sources = min(cheaper, key=lambda each: _cost(each[1]))
            trial = self._try(sources)
            if trial is None:
                ways = [each for each in ways if each is not way]
                continue
            way.learn(trial, self.budget_bytes)
            if self._fits(trial):
                best = trial
        return best

    def _fits(self, trial: Trial) -> bool:
        return trial.flash_bytes <= self.budget_bytes

    def _sources(self, way: _Way) -> GeneratedSources:
        return self.trials.sources(
            replace(self.options, optimize=way.optimize, flash_allowance_bytes=way.allowance_bytes)
        )

    def _smallest(self) -> Trial:
        return self.trials.linked(self._sources(_Way("flash", 0)))

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
            return self._faster(quick)
        ways: tuple[Optimize, ...] = ("flash", "speed")
        found = [self._smallest(optimize, quick) for optimize in ways]
        return min((quick, *found), key=lambda each: each.flash_bytes)

    def _faster(self, quick: Trial) -> Trial:
        """By kernels that expand weights, as few of them as are fast enough.

        Raises:
            DoesNotFitError: All of them are not, or the board is too small for them.
        """
        best, more = quick, self._cycles(self.budget_us - quick.latency_us)
        for _ in range(_LINKS // 2):
            try:
                trial = self.trials.linked(self._generated("speed", more))
            except DoesNotFitError:
                break
            spare = self._cycles(self.budget_us - trial.latency_us)
            if spare >= 0:
                return trial
            best, more = min(best, trial, key=lambda each: each.latency_us), more + spare
        raise _too_slow(best, self.budget_us, "by the fastest kernels")

    def _smallest(self, optimize: Optimize, quick: Trial) -> Trial:
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

    def _generated(self, optimize: Optimize, more_cycles: float) -> GeneratedSources:
        return self.trials.sources(
            replace(self.options, optimize=optimize, more_cycles=more_cycles)
        )


def _cost(sources: GeneratedSources) -> float:
    return sources.predicted_cost or 0.0


def _too_large(smallest: Trial, budget_bytes: int) -> DoesNotFitError:
    flash = smallest.flash
    layers = sorted(smallest.sources.layers, key=lambda layer: -layer.constants_bytes)[:_NAMED]
    return DoesNotFitError(
        f"the smallest firmware that was found takes {smallest.flash_bytes:,} bytes of flash, the"
        f" budget is {budget_bytes:,}: weights {flash.weights_bytes:,}, kernels"
        f" {flash.kernels_bytes:,},"
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
        hint=f"--latency-budget {ceil(trial.latency_us)}us can be kept; fewer channels"
        " make layers faster: tinycompress compress",
    )
