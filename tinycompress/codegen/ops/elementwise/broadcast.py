"""Numpy's broadcasting rule, and its reduction to four loops."""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress.codegen.layer import ParamValue

DIMENSIONS = 4


@dataclass(frozen=True)
class MergedBroadcast:
    """Sizes of four loops, and for either input the elements that one step of each skips."""

    sizes: tuple[int, ...]
    strides_1: tuple[int, ...]
    strides_2: tuple[int, ...]

    def params(self) -> dict[str, ParamValue]:
        """The fields of a kernel's parameters that say so."""
        named = (("size", self.sizes), ("stride_1", self.strides_1), ("stride_2", self.strides_2))
        return {f"{name}_{i}": value for name, values in named for i, value in enumerate(values)}


def _aligned(a: tuple[int, ...], b: tuple[int, ...]) -> list[tuple[int, int]]:
    """Pairs of sizes, the shorter shape extended by ones in front."""
    rank = max(len(a), len(b))
    return list(zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True))


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape that two shapes broadcast to, None if they do not."""
    pairs = _aligned(a, b)
    if any(x != y and 1 not in (x, y) for x, y in pairs):
        return None
    return tuple(max(x, y) for x, y in pairs)


def merged_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> MergedBroadcast:
    """Loops over the broadcast shape of two shapes of up to four dimensions.

    Neighbouring dimensions in which the same input is broadcast, or none, become one.
    """
    groups: list[tuple[int, int]] = []
    for x, y in _aligned(a, b):
        if x == y == 1:
            continue
        if groups and _pattern(groups[-1]) == _pattern((x, y)):
            groups[-1] = (groups[-1][0] * x, groups[-1][1] * y)
        else:
            groups.append((x, y))
    groups = [(1, 1)] * (DIMENSIONS - len(groups)) + groups
    return MergedBroadcast(
        tuple(max(pair) for pair in groups),
        _strides([x for x, _ in groups]),
        _strides([y for _, y in groups]),
    )


def _pattern(pair: tuple[int, int]) -> tuple[bool, bool]:
    return pair[0] == 1, pair[1] == 1


def _strides(sizes: list[int]) -> tuple[int, ...]:
    strides, step = [], 1
    for size in reversed(sizes):
        strides.append(0 if size == 1 else step)
        step *= size
    return tuple(reversed(strides))
