"""What the stages of a cascade cost over a stream of samples."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from tinycompress.artifacts import CascadeResult, Obtained, Spread, StageCost, StageInfo
from tinycompress.measurement.meters import Cost

_Value = float | None


def spread(values: Sequence[_Value], obtained: Obtained) -> Spread | None:
    """Median and range of what is known; None if nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), obtained)


def cascade_result(
    stages: Sequence[StageInfo],
    by_stage: Sequence[Sequence[Cost]],
    ran: Sequence[bytes],
    obtained: Obtained,
) -> CascadeResult | None:
    """The costs of a stream of samples; None of a single model.

    Args:
        stages: The stages.
        by_stage: For each sample that was timed, the costs of the stages.
        ran: For each of them, a byte for each stage: not 0 where it ran.
        obtained: How the costs were got.
    """
    if not stages or not by_stage:
        return None
    return CascadeResult(
        samples=len(by_stage),
        mean_instructions=_mean(by_stage, "instructions"),
        mean_cycles=_mean(by_stage, "cycles"),
        mean_latency_us=_mean(by_stage, "us"),
        obtained=obtained,
        stages=tuple(
            _stage(stage, [costs[number] for costs, told in zip(by_stage, ran, strict=True)
                           if told[number]], len(by_stage), obtained)
            for number, stage in enumerate(stages)
        ),
    )  # fmt: skip


def _stage(stage: StageInfo, costs: Sequence[Cost], samples: int, obtained: Obtained) -> StageCost:
    return StageCost(
        name=stage.name,
        gate=stage.gate,
        samples=samples,
        ran=len(costs),
        instructions=spread([cost.instructions for cost in costs], obtained),
        cycles=spread([cost.cycles for cost in costs], obtained),
        latency_us=spread([cost.us for cost in costs], obtained),
    )


def _mean(by_stage: Iterable[Sequence[Cost]], what: str) -> float | None:
    """Of the sums over stages."""
    sums = []
    for costs in by_stage:
        values = [getattr(cost, what) for cost in costs]
        if None in values:
            return None
        sums.append(sum(values))
    return statistics.fmean(sums)
