"""The selector: one candidate for each operator of a graph, by what comes first.

For speed and for RAM every operator begins with its fastest candidate, by encoded weights only
where that is the faster one, and by expanded ones never: these are for budgets, which say how much
flash there is; ``ram`` changes those that are at the arena's peak. For flash, and
for budgets of flash or cycles, the whole graph is looked at: a routine that several layers share is
paid once, so that it only goes when nobody needs it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tinycompress.codegen.choosing.candidates import Candidate
from tinycompress.codegen.choosing.flash import (
    Offers,
    cheapest_within,
    smallest,
    smallest_for,
    total_cost,
)
from tinycompress.codegen.options import CodegenOptions

_NEARLY = 1.05
"""What kin with encoded weights may cost, of the fastest of them."""

Preference = Callable[[Sequence[Candidate]], Candidate]
"""Takes one of an operator's candidates, which come in order of preference."""

Taken = Mapping[int, Candidate]
"""The candidate of each operator."""

Selector = Callable[[Offers], Taken]
"""Takes one candidate for each operator of a graph."""


def selector_for(options: CodegenOptions) -> Selector:
    """How candidates are taken for an aim, before anything is changed for the arena."""
    quick, flash, cycles = by_each(fastest), options.flash_allowance_bytes, options.more_cycles
    if flash is not None:
        return lambda offers: cheapest_within(offers, quick(offers), flash)
    if cycles is not None and cycles < 0:
        return lambda offers: smallest_for(
            offers, by_each(fastest_of_all)(offers), total_cost(quick(offers)) + cycles
        )
    if cycles is not None:
        return lambda offers: smallest_for(
            offers, quick(offers), total_cost(quick(offers)) + cycles
        )
    return smallest_flash if options.optimize == "flash" else quick


def by_each(prefer: Preference) -> Selector:
    """The selector that looks at each operator alone."""
    return lambda offers: {index: prefer(each) for index, each in offers.items()}


def smallest_flash(offers: Offers) -> Taken:
    """Little flash for few cycles: the fastest candidates, but for routines that are not worth it,
    and with weights encoded."""
    plain = {index: _plain(each) for index, each in offers.items()}
    return smallest(offers, by_each(fastest)(offers), by_each(fastest)(plain))


def fastest(candidates: Sequence[Candidate]) -> Candidate:
    """The one that is predicted to cost least, the first where costs are not known; of those that
    do not expand weights."""
    return fastest_of_all([each for each in candidates if not each.is_expanded])


def fastest_of_all(candidates: Sequence[Candidate]) -> Candidate:
    """The one that is predicted to cost least, the first where costs are not known."""
    best = candidates[0]
    for candidate in candidates[1:]:
        if best.cost is not None and candidate.cost is not None and candidate.cost < best.cost:
            best = candidate
    return best


def _plain(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those that leave weights as they are."""
    return [each for each in candidates if not each.is_encoded]


def nth(number: int) -> Preference:
    """The candidate at a position, or the last: to measure or test one after the other."""
    return lambda candidates: candidates[min(number, len(candidates) - 1)]


def last(candidates: Sequence[Candidate]) -> Candidate:
    """The one of last resort: the reference kernel, where an operator has one."""
    return candidates[-1]


def leanest(candidates: Sequence[Candidate], *, references: bool) -> Candidate:
    """The one with the least working memory, the first among equals; weights stay as they are.

    Args:
        candidates: Of one operator.
        references: Whether reference kernels count where there are others: they take many times the
            cycles.
    """
    plain = _plain(candidates)
    fast = [each for each in plain if not each.is_reference]
    return min(plain if references or not fast else fast, key=lambda c: c.scratch_bytes)


def leaner_kin(candidates: Sequence[Candidate], taken: Candidate) -> Candidate | None:
    """The next candidate that is nearly as fast on less working memory; None if there is none."""
    kin = [each for each in candidates if each.kin and each.kin == taken.kin]
    later = candidates[candidates.index(taken) + 1 :]
    return next((each for each in later if each in kin and _nearly_as_fast(each, kin[0])), None)


def _nearly_as_fast(leaner: Candidate, first: Candidate) -> bool:
    """Whether a candidate costs hardly more than the first of its kin: each smaller tile of encoded
    weights reads the input once more."""
    if not leaner.is_encoded:
        return True
    known = leaner.cost is not None and first.cost is not None
    return known and (leaner.cost or 0.0) <= _NEARLY * (first.cost or 0.0)
