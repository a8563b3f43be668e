"""Average precision of a grid of boxes, scores and classes.

A cell says a box for its best class, with score times class as its confidence. It is right if an
object of that class overlaps it by half (intersection over union) and no surer cell has said that
object. The average precision of a class is the area under its precision by recall, the precision
made to fall (Everingham et al., The Pascal Visual Object Classes Challenge, 2010); the mean is over
the classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.whole_networks.sets import EMPTY, GRID

Reals = npt.NDArray[np.float64]
_OVERLAP = 0.5
SAME_OBJECT = 0.45
"""Of two boxes that have more than this in common the surer one stays."""


def mean_average_precision(labels: Sequence[npt.ArrayLike], said: Sequence[npt.ArrayLike]) -> float:
    """Of all classes that are there.

    Args:
        labels: Boxes, 0 or 1, and classes, each of the shape (n, elements of the grid).
        said: Boxes, scores, and a probability of each class and of none, as a model says them.
    """
    boxes, there, kinds = _by_cell(labels)
    said_boxes, scores, chances = _by_cell(said)
    chances = chances[..., :EMPTY]
    corners, said_corners = _corners(boxes), _corners(said_boxes)
    classes, said_classes = kinds[..., 0], chances.argmax(axis=-1)
    confidence = scores[..., 0] * chances.max(axis=-1)
    found = []
    for one in range(EMPTY):
        wanted = (there[..., 0] > 0) & (classes == one)
        if wanted.any():
            sure = np.where(said_classes == one, confidence, 0.0)
            found.append(_average_precision(wanted, corners, sure, said_corners))
    return float(np.mean(found))


def average_precision(
    labels: Sequence[npt.ArrayLike], said: Sequence[npt.ArrayLike], grid: int, overlap: float
) -> float:
    """Of one class alone, where several cells may say one object: see `SAME_OBJECT`.

    Args:
        labels: Boxes, and 0 or 1, each of the shape (n, elements of the grid).
        said: Boxes and scores.
        grid: Cells along an edge.
        overlap: Least intersection over union of a box that is right.
    """
    boxes, there = _by_cell(labels, grid)
    said_boxes, scores = _by_cell(said, grid)
    corners = _corners(said_boxes, grid)
    sure = np.stack([_surest(one, s) for one, s in zip(corners, scores[..., 0], strict=True)])
    return _average_precision(there[..., 0] > 0, _corners(boxes, grid), sure, corners, overlap)


def _surest(corners: Reals, scores: Reals) -> Reals:
    """The scores; 0 of boxes that a surer one has too much in common with."""
    left: Reals = scores.copy()
    for cell in np.argsort(-scores, kind="stable"):
        if left[cell] > 0:
            same = _overlap(corners[cell], corners) > SAME_OBJECT
            same[cell] = False
            left[same] = 0.0
    return left


def _by_cell(parts: Sequence[npt.ArrayLike], grid: int = GRID) -> list[Reals]:
    arrays = [np.asarray(part, np.float64) for part in parts]
    return [array.reshape(len(array), grid * grid, -1) for array in arrays]


def _corners(boxes: Reals, grid: int = GRID) -> Reals:
    """Left, top, right and bottom as shares of the picture."""
    cells = np.arange(grid * grid)
    middle = (boxes[..., :2] + np.stack([cells % grid, cells // grid], axis=-1)) / grid
    half = boxes[..., 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=-1)


def _average_precision(
    wanted: npt.NDArray[np.bool_],
    corners: Reals,
    sure: Reals,
    said: Reals,
    least_overlap: float = _OVERLAP,
) -> float:
    taken = np.zeros_like(wanted)
    right = []
    order = np.argsort(-sure, axis=None, kind="stable")
    for number, cell in zip(*np.unravel_index(order, sure.shape), strict=True):
        if sure[number, cell] <= 0:
            break
        overlaps = np.where(wanted[number], _overlap(said[number, cell], corners[number]), 0.0)
        best = int(overlaps.argmax())
        hit = overlaps[best] >= least_overlap and not taken[number, best]
        taken[number, best] |= hit
        right.append(hit)
    hits = np.cumsum(right) if right else np.zeros(1)
    precision = hits / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    recall = hits / int(wanted.sum())
    return float(np.sum(np.diff(recall, prepend=0.0) * falling))


def _overlap(box: Reals, others: Reals) -> Reals:
    """Intersection over union of a box with others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [
        np.prod(np.clip(one[..., 2:] - one[..., :2], 0, None), axis=-1) for one in (box, others)
    ]
    union = areas[0] + areas[1] - both
    return np.asarray(both / np.where(union > 0, union, 1.0))
