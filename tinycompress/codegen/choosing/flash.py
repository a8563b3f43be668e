"""Less flash for few cycles, over a whole graph: encoded weights, and no routines for few layers.

With ``--optimize flash`` layers share one copy of a kernel, and kernels share routines. What a
graph takes is therefore no sum over its layers: each routine counts once, however many need it. The
search begins with the fastest candidates and takes routines out, one at a time, as long as all
layers that need the routine have another candidate and the graph gets smaller for it. It encodes
weights, too, of one layer or of all that one decoder makes smaller, as a decoder is paid once. Of
several changes that one is made which saves most for its cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from tinycompress.codegen.choosing.candidates import Candidate

Offers = Mapping[int, Sequence[Candidate]]
"""The candidates of each operator, by the operator's index."""

_MOST_SLOWER = 0.01
"""Of the predicted cost of the fastest candidates that leave weights as they are, what changes of
all others together may add."""
_MOST_SLOWER_ENCODED = 0.1
"""The same of all changes together, where weights are encoded."""
_CYCLES_WORTH = 1.0
"""Encoded weights may add so many times the share of flash that is saved to the cycles."""

_FINISHES = 4
"""Changes that each keep a budget of flash which are looked at further, those of fewest cycles."""

_CALL_BYTES = 24
"""About what a layer's function takes that only calls its kernel, with its place in the table."""


def flash_bytes(taken: Iterable[Candidate]) -> int:
    """What candidates take together: parameters of each, equal constants and code once.

    Code that was not measured counts as nothing, so that only candidates whose code is known may be
    compared.
    """
    candidates = list(taken)
    arrays: dict[Hashable, int] = {}
    for each in candidates:
        arrays |= each.array_bytes
    calls = sum(each.params_bytes + _CALL_BYTES * len(each.layers) for each in candidates)
    return calls + sum(arrays.values()) + sum(_code(candidates).values())


def smallest(
    offers: Offers, fastest: Mapping[int, Candidate], plain: Mapping[int, Candidate]
) -> dict[int, Candidate]:
    """Candidates that take less flash than the fastest, for few cycles.

    Args:
        offers: The candidates of each operator, by the operator's index.
        fastest: Of these the fastest.
        plain: The fastest of those that leave weights as they are.
    """
    return _last(_steps(offers, fastest, lambda changed: _is_bargain(changed, plain)))


def smallest_for(
    offers: Offers, fastest: Mapping[int, Candidate], most: float
) -> dict[int, Candidate]:
    """Candidates that take least flash of those that cost so much at most; the fastest ones where
    these cost more."""
    return _last(_steps(offers, fastest, lambda changed: total_cost(changed) <= most))


def cheapest_within(
    offers: Offers, fastest: Mapping[int, Candidate], allowance_bytes: int
) -> dict[int, Candidate]:
    """Candidates that cost least of those that take at most so much flash.

    Changes are made as in `smallest` until it is enough. A single change that is enough where the
    best one is more than that, and taking back what turned out to be needless, are tried as well.

    Returns:
        The smallest that were found where nothing is small enough.
    """
    enough: list[dict[int, Candidate]] = []
    taken = dict(fastest)
    for size, taken, others in _steps(offers, fastest, lambda _: True):
        if size <= allowance_bytes:
            enough.append(taken)
            break
        fitting = [each for bytes_then, each in others if bytes_then <= allowance_bytes]
        enough += sorted(fitting, key=total_cost)[:_FINISHES]
    finished = (_taken_back(offers, each, allowance_bytes) for each in enough)
    return min(finished, key=total_cost, default=taken)


def _fits(taken: Mapping[int, Candidate], allowance_bytes: int) -> bool:
    return flash_bytes(taken.values()) <= allowance_bytes


def _taken_back(
    offers: Offers, taken: dict[int, Candidate], allowance_bytes: int
) -> dict[int, Candidate]:
    """The same with cheaper candidates wherever there is room for them, one after the other."""
    while True:
        cheaper = (
            {**taken, index: each}
            for index, before in taken.items()
            for each in _known(offers[index])
            if _cost_of(each) < _cost_of(before)
        )
        fitting = (changed for changed in cheaper if _fits(changed, allowance_bytes))
        better = min(fitting, key=total_cost, default=None)
        if better is None:
            return taken
        taken = better


Sized = tuple[int, dict[int, Candidate]]
"""Candidates, and before them the bytes of flash that they take."""

Step = tuple[int, dict[int, Candidate], list[Sized]]
"""What is taken after some changes, and what each of the next changes would make of it."""


def _steps(
    offers: Offers,
    fastest: Mapping[int, Candidate],
    allowed: Callable[[Mapping[int, Candidate]], bool],
) -> Iterator[Step]:
    """From the fastest on, the change that saves most for its cycles, as long as one saves."""
    taken = dict(fastest)
    size = flash_bytes(taken.values())
    while True:
        changes = (
            *_without_routines(offers, taken),
            *_encoded(offers, taken),
            *_not_expanded(offers, taken),
        )
        sized = ((flash_bytes(each.values()), each) for each in changes if allowed(each))
        smaller = [(bytes_then, each) for bytes_then, each in sized if bytes_then < size]
        yield size, taken, smaller
        if not smaller:
            return
        before, cost = size, total_cost(taken)
        size, taken = max(
            smaller, key=lambda then: _worth(before - then[0], total_cost(then[1]) - cost)
        )


def _last(steps: Iterable[Step]) -> dict[int, Candidate]:
    *_, (_, taken, _) = steps
    return taken


def _worth(saved_bytes: int, more_cost: float) -> float:
    """What a change is worth: bytes for each cycle, all of them where it takes none."""
    return saved_bytes / max(more_cost, 1.0)


def _is_bargain(changed: Mapping[int, Candidate], plain: Mapping[int, Candidate]) -> bool:
    """Whether changes add no more than they may, and no more than the flash they save is worth."""
    more = {index: _cost_of(each) - _cost_of(plain[index]) for index, each in changed.items()}
    others = sum(more[index] for index, each in changed.items() if not each.is_encoded)
    whole = _whole_cost(plain)
    if others > _MOST_SLOWER * whole:
        return False
    encoded = sum(more[index] for index, each in changed.items() if each.is_encoded)
    saved = 1 - flash_bytes(changed.values()) / flash_bytes(plain.values())
    worth = max(_CYCLES_WORTH * saved, 0.0)
    return encoded <= worth * whole and others + encoded <= _MOST_SLOWER_ENCODED * whole


def _whole_cost(taken: Mapping[int, Candidate]) -> float:
    """What all candidates cost, those whose kernels were not measured by their share of MACs."""
    macs = {index: sum(layer.macs for layer in each.layers) for index, each in taken.items()}
    measured = sum(macs[index] for index, each in taken.items() if each.cost is not None)
    return total_cost(taken) * (sum(macs.values()) / measured if measured else 1.0)


def _encoded(offers: Offers, taken: Mapping[int, Candidate]) -> Iterator[dict[int, Candidate]]:
    """The same with weights encoded: of one operator, or of all that a kernel makes smaller."""
    by_kernel: dict[str, dict[int, Candidate]] = {}
    for index, before in taken.items():
        for each in _smaller(offers[index], before):
            yield {**taken, index: each}
            kernel = each.layers[0].kernel.name
            best = by_kernel.setdefault(kernel, {}).setdefault(index, each)
            if each.data_bytes < best.data_bytes:
                by_kernel[kernel][index] = each
    for changes in by_kernel.values():
        if len(changes) > 1:
            yield {**taken, **changes}


def _not_expanded(offers: Offers, taken: Mapping[int, Candidate]) -> Iterator[dict[int, Candidate]]:
    """The same with the weights of one operator as they are in the file."""
    for index, before in taken.items():
        if before.is_expanded:
            others = [each for each in offers[index] if not each.is_expanded]
            yield {**taken, index: min(others, key=_cost_of)}


def _smaller(candidates: Sequence[Candidate], before: Candidate) -> Iterator[Candidate]:
    """Encoded ones with less data; of leaner kin, which differ in memory alone, the fastest."""
    kin: set[str] = set()
    for each in candidates:
        # Where it is not known what a kernel takes, it is known what decoding adds to it.
        known = each.cost is not None or (before.cost is None and each.decoding_cost is not None)
        if not (each.is_encoded and known and each.code_is_known) or each.kin in kin:
            continue
        if each.data_bytes < before.data_bytes:
            yield each
            kin |= {each.kin} - {""}


def _without_routines(
    offers: Offers, taken: Mapping[int, Candidate]
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
    return [each for each in _known(candidates) if routine not in each.code_bytes]


def _known(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [each for each in candidates if each.cost is not None and each.code_is_known]


def _more_bytes(candidate: Candidate, paid: Mapping[str, int]) -> int:
    """What a candidate adds to a graph that has some routines already."""
    code = candidate.code_bytes.items()
    return candidate.data_bytes + sum(size for name, size in code if name not in paid)


def _cost_of(candidate: Candidate) -> float:
    return candidate.cost or candidate.decoding_cost or 0.0


def _code(taken: Iterable[Candidate]) -> dict[str, int]:
    """Bytes of every routine that candidates need, by name."""
    return {name: size for each in taken for name, size in each.code_bytes.items()}


def total_cost(taken: Mapping[int, Candidate]) -> float:
    """What candidates cost together, as far as that is known."""
    return sum(map(_cost_of, taken.values()))
