"""Who is taken: one candidate for each operator of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinycompress.codegen.choosing.candidates import Candidate

Preference = Callable[[Sequence[Candidate]], Candidate]
"""Takes one of an operator's candidates, which come in order of preference."""


def fastest(candidates: Sequence[Candidate]) -> Candidate:
    """The one that is predicted to cost least, the first where costs are not known."""
    best = candidates[0]
    for candidate in candidates[1:]:
        if best.cost is not None and candidate.cost is not None and candidate.cost < best.cost:
            best = candidate
    return best


def nth(number: int) -> Preference:
    """The candidate at a position, or the last: to measure or test one after the other."""
    return lambda candidates: candidates[min(number, len(candidates) - 1)]


def last(candidates: Sequence[Candidate]) -> Candidate:
    """The one of last resort: the reference kernel, where an operator has one."""
    return candidates[-1]


def leanest(candidates: Sequence[Candidate], *, references: bool) -> Candidate:
    """The one with the least working memory, the first among equals.

    Args:
        candidates: Of one operator.
        references: Whether reference kernels count where there are others: they take many times the
            cycles.
    """
    fast = [each for each in candidates if not each.is_reference]
    return min(candidates if references or not fast else fast, key=lambda c: c.scratch_bytes)


def leaner_kin(candidates: Sequence[Candidate], taken: Candidate) -> Candidate | None:
    """The next candidate that is nearly as fast on less working memory; None if there is none."""
    later = candidates[candidates.index(taken) + 1 :]
    return next((each for each in later if each.kin and each.kin == taken.kin), None)
