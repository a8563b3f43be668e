"""Shapes that features can be paired in, and bringing two of them to the same positions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.base import Shape


def anything(teacher: Shape, student: Shape) -> str:
    """Features of any two shapes: a loss that compares samples with each other takes them."""
    return ""


def positions(teacher: Shape, student: Shape) -> str:
    """As many axes; along each as many positions, or a multiple of the other's."""
    here, there = teacher[:-1], student[:-1]
    if len(here) == len(there) and (_divides(here, there) or _divides(there, here)):
        return ""
    return (
        f"{_named(here)} cannot be laid over {_named(there)}; allowed: the same number along each"
        " axis, or a multiple"
    )


def maps(teacher: Shape, student: Shape) -> str:
    """The same of features that have positions at all."""
    for shape, whose in ((teacher, "the teacher's"), (student, "the student's")):
        if len(shape) < 2:
            return f"{whose} layer has channels alone, and this method compares positions"
    return positions(teacher, student)


def maps_of_equal_channels(teacher: Shape, student: Shape) -> str:
    """The same, with as many channels."""
    if teacher[-1] != student[-1]:
        return f"{teacher[-1]} channels against {student[-1]}; allowed: as many"
    return maps(teacher, student)


def neighbours(shapes: Sequence[tuple[Shape, Shape]]) -> str:
    """Whether each feature of a network can be laid over the next one."""
    for whose in (0, 1):
        for before, after in pairwise(shapes):
            found = positions(before[whose], after[whose])
            if found:
                return f"neighbouring layers of the {('teacher', 'student')[whose]}: {found}"
    return ""


def _divides(small: Shape, large: Shape) -> bool:
    return all(size and other % size == 0 for size, other in zip(small, large, strict=True))


def _named(axes: Shape) -> str:
    return f"{' x '.join(map(str, axes))} positions" if axes else "a layer without positions"


def on_same_positions(one: Any, other: Any, *, largest: bool = False) -> tuple[Any, Any]:
    """Two features with the positions of the one that has fewer.

    Args:
        one: ``[samples, positions…, channels]``.
        other: The same, with positions that are a multiple or a divisor.
        largest: Whether the largest value of those that become one is taken, and not the mean.
    """
    wanted = tuple(min(a, b) for a, b in zip(one.shape[1:-1], other.shape[1:-1], strict=True))
    return _pooled(one, wanted, largest), _pooled(other, wanted, largest)


def _pooled(feature: Any, wanted: Shape, largest: bool) -> Any:
    if tuple(feature.shape[1:-1]) == wanted:
        return feature
    tf = _tf.tensorflow()
    sizes: list[int] = []
    for size, want in zip(feature.shape[1:-1], wanted, strict=True):
        sizes += [want, size // want]
    split = tf.reshape(feature, (-1, *sizes, feature.shape[-1]))
    inner = list(range(2, 2 * len(wanted) + 1, 2))
    return (tf.reduce_max if largest else tf.reduce_mean)(split, axis=inner)


def in_rows(feature: Any) -> Any:
    """``[samples, everything]``."""
    tf = _tf.tensorflow()
    width = 1
    for size in feature.shape[1:]:
        width *= int(size)
    return tf.reshape(feature, (-1, width))


def by_position(feature: Any) -> Any:
    """``[samples, positions, channels]``."""
    tf = _tf.tensorflow()
    count = 1
    for size in feature.shape[1:-1]:
        count *= int(size)
    return tf.reshape(feature, (-1, count, feature.shape[-1]))
