"""Whether the stages of a recipe can follow each other: by what each one declares of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tinycompress.compression.stages import registry
from tinycompress.compression.stages.base import StageSpec, Table
from tinycompress.compression.stages.registry import find_stage

_Spec = StageSpec[Any] | None
"""What a stage declares; None for a kind that there is not, of which nothing is known."""


def order_problems(stages: Sequence[Table]) -> list[str]:
    """What is wrong with the order of stages.

    Args:
        stages: Their tables as they are in the file.
    """
    specs = [find_stage(stage.get("kind")) for stage in stages]
    if not specs:
        return ["stage: no stages; allowed: one or more [[stage]] tables"]
    problems = []
    if not any(_changes_the_model(spec) for spec in specs):
        idle = ", ".join(sorted({spec.kind for spec in specs if spec is not None}))
        problems.append(f"stage: only {idle}, which compresses nothing; add a stage before it")
    for index, spec in enumerate(specs):
        whys = _misplaced(spec, specs[:index])
        problems += [f"{_place(index, stages)}: {why}" for why in whys]
    for index, spec in enumerate(specs):
        conflict = "" if spec is None else spec.conflict(stages, index)
        problems += [f"{_place(index, stages)}: {conflict}"] if conflict else []
    return problems


def refused_after(kind: str) -> tuple[str, ...]:
    """The kinds that a stage cannot come after, whatever its options, in the registry's order."""
    spec = find_stage(kind)
    return tuple(other for other in registry.STAGES if any(_misplaced(spec, [find_stage(other)])))


def _place(index: int, stages: Sequence[Table]) -> str:
    return f"stage[{index}] ({stages[index].get('kind')})"


def _changes_the_model(spec: _Spec) -> bool:
    return spec is None or spec.run is not None


def _misplaced(spec: _Spec, before: Sequence[_Spec]) -> Iterator[str]:
    """Why a stage cannot follow those before it; each reason once."""
    earlier = {other.kind: other for other in before if other is not None}
    last = [
        other
        for other in earlier.values()
        if other.last and (_changes_the_model(spec) or not _changes_the_model(other))
    ]
    if last:
        # The end of the recipe says more than the end of the training.
        end = min(last, key=_changes_the_model)
        yield f"after {end.kind}; {end.last}"
    if spec is None:
        return
    yield from (f"after {kind}; {why}" for kind, why in spec.precedes.items() if kind in earlier)
    for kind, other in earlier.items():
        if spec.kind in other.follows:
            yield f"after {kind}; {other.follows[spec.kind]}"
