"""Less flash for hardly any cycles, over a whole graph: routines that few layers need go.

With ``--optimize flash`` layers share one copy of a kernel, and kernels share routines. What a
graph takes is therefore no sum over its layers: each routine counts once, however many need it. The
search begins with the fastest candidates and takes routines out, one at a time, as long as all
layers that need the routine have another candidate and the graph gets smaller for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tinycompress.codegen.choosing.candidates import Candidate

_MOST_SLOWER = 0.01
"""Of the predicted cost of the fastest candidates, what all changes together may add."""

_CALL_BYTES = 24
"""About what a layer's function takes that only calls its kernel, with its place in the table."""


def flash_bytes(taken: Iterable[Candidate]) -> int:
    """What candidates take together: parameters of each, equal constants and code once.

    Code that was not measured counts as nothing, so that only candidates whose code is known may be
    compared.
    """
    candidates = list(taken)
    arrays = {a.key: a.data.nbytes for each in candidates for a in each.const_arrays}
    calls = sum(each.params_bytes + _CALL_BYTES * len(each.layers) for each in candidates)
    return calls + sum(arrays.values()) + sum(_code(candidates).values())


def smallest(
    offers: Mapping[int, Sequence[Candidate]], fastest: Mapping[int, Candidate]
) -> dict[int, Candidate]:
    """Candidates that take less flash than the fastest, for hardly any cycles.

    Args:
        offers: The candidates of each operator, by the operator's index.
        fastest: Of these the fastest.
    """
    taken = dict(fastest)
    allowed = _MOST_SLOWER * _cost(fastest)
    while True:
        found = [
            (flash_bytes(changed.values()), changed)
            for changed in _changes(offers, taken)
            if _cost(changed) - _cost(fastest) <= allowed
        ]
        if not found:
            return taken
        size, changed = min(found, key=lambda pair: pair[0])
        if size >= flash_bytes(taken.values()):
            return taken
        taken = changed


def _changes(
    offers: Mapping[int, Sequence[Candidate]], taken: Mapping[int, Candidate]
) -> Iterator[dict[int, Candidate]]:
    """The same without one routine, for every routine that all its users can do without.

    Each user takes its cheapest other candidate, or the one that brings least code with it.
    """
    for routine in _code(taken.values()):
        users = [index for index, each in taken.items() if routine in each.code_bytes]
        others = [_without(offers[index], routine) for index in users]
        if not all(others):
            continue
        kept = {index: each for index, each in taken.items() if index not in users}
        paid = _code(kept.values())
        cheapest = [min(each, key=_cost_of) for each in others]
        leanest = [min(each, key=lambda c: (_more_bytes(c, paid), _cost_of(c))) for each in others]
        for chosen in (cheapest, leanest):
            yield {**taken, **dict(zip(users, chosen, strict=True))}


def _without(candidates: Sequence[Candidate], routine: str) -> list[Candidate]:
    """The candidates of known cost and code that do without a routine."""
    return [
        each
        for each in candidates
        if each.cost is not None and each.code_is_known and routine not in each.code_bytes
    ]


def _more_bytes(candidate: Candidate, paid: Mapping[str, int]) -> int:
    """What a candidate adds to a graph that has some routines already."""
    code = candidate.code_bytes.items()
    return candidate.data_bytes + sum(size for name, size in code if name not in paid)


def _cost_of(candidate: Candidate) -> float:
    return candidate.cost or 0.0


def _code(taken: Iterable[Candidate]) -> dict[str, int]:
    """Bytes of every routine that candidates need, by name."""
    return {name: size for each in taken for name, size in each.code_bytes.items()}


def _cost(taken: Mapping[int, Candidate]) -> float:
    return sum(map(_cost_of, taken.values()))
