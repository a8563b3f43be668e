"""Few different integers in a layer of the int8 file, and training that keeps them few.

A row of weights with one scale in the file (`network.integers`) is that scale times integers out
of one codebook for the layer. The codebook holds -127 and 127, and every row that is not zero uses
one of them: the export, which scales by the largest magnitude, then finds these very integers.

Scales, codebook and assignment are found by k-means with a scale for every row: each of the three
in turn is the best for the other two, by least squares. Of an asymmetric codebook, -n, zero and p,
either may be the end: which one is follows the weights. In training the kernel computes what the
file will, and the steps of the optimizer go to weights in full precision behind it: the
straight-through estimator (Courbariaux et al., BinaryConnect, 2015). With three values this is
ternary weights (Li et al., Ternary Weight Networks, 2016), with two binary ones (Rastegari et al.,
XNOR-Net, 2016), and of more values a weight can change from one to the next.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.checks.kmeans import LLOYD_ROUNDS, Initialization, kmeans
from tinycompress.compression.network.integers import (
    LARGEST,
    file_integers,
    from_scaled_rows,
    grid_levels,
    scaled_rows,
)
from tinycompress.compression.network.network import Array

LEAST_WITH_ZERO = 3
"""With so many values, zero is one of them."""
_STARTS = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)
"""Shares of the first scale that rows may start from, where no level of the codebook can move."""


class SharedIntegers:
    """Holds a kernel to few integers; a projection (see ``promises``) with weights behind it."""

    def __init__(
        self,
        kernel: Array,
        kind: str,
        moving: Array,
        levels: Array,
        reach: float = 1.0,
        *,
        even: bool = False,
        asymmetric: bool = False,
    ) -> None:
        """Share nothing yet.

        Args:
            kernel: float32, as it is before its weights are shared.
            kind: Class of its layer, one of `SCALED_ALIKE`.
            moving: bool, in the shape of the kernel: the weights that may be other than zero.
            levels: The codebook over 127, ascending from -1 to 1; ends and zero stay as they are.
                An asymmetric one has an end at one side at least.
            reach: Which share of the largest weight of a row the ends stand for at first.
            even: Whether all levels stay as they are, as those of a grid do.
            asymmetric: Whether the codebook is a negative level, zero and a positive one, of which
                the one with the greater magnitude is the end.
        """
        self._shape, self._kind = kernel.shape, kind
        rows = scaled_rows(kernel, kind)
        self._rows_shape = rows.shape
        self._places = np.flatnonzero(scaled_rows(moving, kind))
        self._owner = self._places // rows.shape[1]
        self._latent = rows.reshape(-1)[self._places].astype(np.float64)
        self._kept = self._latent
        self._levels = np.asarray(levels, np.float64)
        self._asymmetric = asymmetric
        stay = (0.0,) if asymmetric else (-1.0, 0.0, 1.0)
        self._fixed = np.isin(self._levels, stay) | even
        self._scales = reach * self._largest()
        self._scales = self._start()

    @classmethod
    def of(
        cls, kernel: Array, kind: str, moving: Array, *, asymmetric: bool = False
    ) -> SharedIntegers:
        """What holds a kernel to the integers that it has now."""
        held = np.unique(file_integers(kernel, kind))
        # A side that no weight is on has its end to begin with.
        if asymmetric:
            below, above = held[held < 0], held[held > 0]
            held = np.array([below[0] if below.size else -LARGEST, 0,
                             above[-1] if above.size else LARGEST])  # fmt: skip
        else:
            held = np.union1d(held, [-LARGEST, LARGEST])
        return cls(kernel, kind, moving, held / LARGEST, asymmetric=asymmetric)

    @classmethod
    def on_grid(cls, kernel: Array, kind: str, moving: Array, bits: int) -> SharedIntegers:
        """What holds a kernel to `grid_levels` of so many bits; a weight may go to any of them."""
        return cls(kernel, kind, moving, grid_levels(bits), even=True)

    def __call__(self, changed: Array) -> Array:
        """The kernel after a step that was made from what the last call returned."""
        self._step(changed)
        return self.fitted(rounds=1)

    def _step(self, changed: Array) -> None:
        """Let the weights behind the kernel make the step that it made."""
        now = scaled_rows(changed, self._kind).reshape(-1)[self._places].astype(np.float64)
        self._latent = self._latent + (now - self._kept)

    def fitted(self, rounds: int) -> Array:
        """The kernel with shared integers, after so many more rounds of k-means."""
        for _ in range(rounds):
            before = self._scales, self._levels
            self._fit()
            if np.array_equal(before[0], self._scales) and np.array_equal(before[1], self._levels):
                break
        integers = self._integers()
        index = self._with_an_end(self._nearest(integers / LARGEST, self._scales), integers)
        return self._written(index, integers)

    def _integers(self) -> Array:
        """The codebook in the file."""
        integers: Array = np.rint(LARGEST * self._levels)
        return integers

    def _written(self, index: Array, integers: Array) -> Array:
        """The kernel whose weights are these entries of the codebook."""
        rows = np.zeros(self._rows_shape, np.float32).reshape(-1)
        rows[self._places] = self._scales[self._owner] * integers[index] / LARGEST
        self._kept = rows[self._places].astype(np.float64)
        return from_scaled_rows(rows.reshape(self._rows_shape), self._shape, self._kind)

    def _fit(self) -> None:
        """One round: assignment, then scales, then the codebook."""
        index = self._nearest(self._levels, self._scales)
        values = self._levels[index]
        self._scales = _ratios(self._owner, self._latent * values, values**2, self._scales)
        scales = self._scales[self._owner]
        moved = _ratios(index, self._latent * scales, scales**2, self._levels)
        if self._asymmetric:
            self._levels, largest = _normalised(np.where(self._fixed, self._levels, moved))
            self._scales = largest * self._scales
            return
        moved = np.sort(np.clip(moved, -1.0, 1.0))
        self._levels = np.where(self._fixed, self._levels, moved)

    def _with_an_end(self, index: Array, integers: Array) -> Array:
        """Let every row have -127 or 127: one that has none gets the scale of its largest."""
        ends = self._owner[np.abs(integers[index]) == LARGEST]
        has_end = np.bincount(ends, minlength=self._scales.size) > 0
        if has_end.all():
            return index
        self._scales = np.where(has_end, self._scales, self._largest())
        index = self._nearest(integers / LARGEST, self._scales)
        return self._forced(index, integers)

    def _forced(self, index: Array, integers: Array) -> Array:
        """Where the codebook has one end, and a row no weight there: its nearest one takes it."""
        ends = np.flatnonzero(np.abs(integers) == LARGEST)
        held = np.bincount(self._owner[np.isin(index, ends)], minlength=self._scales.size) > 0
        for row in np.flatnonzero(~held & (self._scales > 0)):
            places = np.flatnonzero(self._owner == row)
            if places.size:
                towards = self._latent[places] * np.sign(integers[ends[0]])
                index[places[np.argmax(towards)]] = ends[0]
        return index

    def _start(self) -> Array:
        """The scales that rows begin with.

        Where levels can move these are their first ones. With ends and zero alone, a row whose
        largest weight is far from the others would never get away from that one: of each, the share
        is taken that leaves least error, the largest if equal.
        """
        if not self._fixed.all():
            return self._scales
        best = self._scales
        least = np.full(best.shape, np.inf)
        for share in _STARTS:
            scales = share * self._scales
            values = self._levels[self._nearest(self._levels, scales)]
            left = self._latent - scales[self._owner] * values
            error = np.bincount(self._owner, weights=left**2, minlength=best.size)
            best, least = np.where(error < least, scales, best), np.minimum(error, least)
        return best

    def _nearest(self, levels: Array, scales: Array) -> Array:
        scales = np.where(scales > 0, scales, 1.0)
        middles = (levels[1:] + levels[:-1]) / 2.0
        index: Array = np.searchsorted(middles, self._latent / scales[self._owner])
        return index

    def _largest(self) -> Array:
        largest = np.zeros(self._rows_shape[0])
        np.maximum.at(largest, self._owner, np.abs(self._latent))
        return largest


def _normalised(levels: Array) -> tuple[Array, float]:
    """A negative level, zero and a positive one over the larger magnitude, and that.

    Either keeps its sign, and a step of the file at least: the three stay three.
    """
    least = float(np.max(np.abs(levels))) / LARGEST
    below, _, above = levels
    signed = np.array([min(below, -least), 0.0, max(above, least)])
    largest = float(np.max(np.abs(signed)))
    return signed / largest, largest


def _ratios(groups: Array, over: Array, under: Array, before: Array) -> Array:
    """By group, the sum of one over that of the other; what was before where that is zero."""
    sums = np.bincount(groups, weights=over, minlength=before.size)
    norms = np.bincount(groups, weights=under, minlength=before.size)
    return np.where(norms > 0, sums / np.where(norms > 0, norms, 1.0), before)


def levels_from(centroids: Array, count: int) -> Array:
    """A codebook to start from: ends, from three values on zero, and centroids between them.

    Args:
        centroids: Of weights over the largest magnitude of their rows; one or more, not all zero.
        count: At most so many levels, 2 or more.

    Returns:
        float64, ascending from -1 to 1; the centroids are over the largest of them.
    """
    fixed = [-1.0, 1.0] if count < LEAST_WITH_ZERO else [-1.0, 0.0, 1.0]
    inner = np.sort(centroids.astype(np.float64)) / np.max(np.abs(centroids))
    inner = inner[1:-1]
    # Zero itself stands for the centroid that is nearest to it.
    while inner.size > count - len(fixed):
        inner = np.delete(inner, np.argmin(np.abs(inner)))
    return np.unique(np.concatenate([fixed, inner]))


def clustered(
    kernel: Array,
    kind: str,
    moving: Array,
    clusters: int,
    initialization: Initialization,
    generator: np.random.Generator,
) -> Array:
    """The kernel with at most so many integers in the file, as near to it as k-means finds.

    Args:
        kernel: float32.
        kind: Class of its layer.
        moving: bool, in the shape of the kernel: the weights that may be other than zero.
        clusters: 2 or more.
        initialization: Where the centroids start.
        generator: For the starts that are random.
    """
    rows = scaled_rows(kernel, kind)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    values = (rows / np.where(largest > 0, largest, 1.0))[scaled_rows(moving, kind)]
    centroids = kmeans(values, clusters, initialization, generator)
    levels = levels_from(centroids, clusters)
    reach = float(np.max(np.abs(centroids)))
    return SharedIntegers(kernel, kind, moving, levels, reach).fitted(LLOYD_ROUNDS)


def trained_ternary(kernel: Array, kind: str, moving: Array, threshold: float) -> Array:
    """The kernel with zero and two values of opposite sign, whose magnitudes differ.

    Trained ternary quantisation (Zhu et al. 2017) begins so: weights below a share of the largest
    are zero, and the two values are the means of what is above it on either side. In training the
    three follow the weights behind them; the paper trains the two by the sum of the gradients of
    their weights, which is the mean step times their number.

    Args:
        kernel: float32.
        kind: Class of its layer.
        moving: bool, in the shape of the kernel: the weights that may be other than zero.
        threshold: Share of the largest weight of a row, 0 to below 1.
    """
    rows = scaled_rows(kernel, kind)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    values = (rows / np.where(largest > 0, largest, 1.0))[scaled_rows(moving, kind)]
    above, below = values[values > threshold], -values[values < -threshold]
    up = float(above.mean()) if above.size else 1.0
    down = float(below.mean()) if below.size else 1.0
    reach = max(up, down)
    levels = np.array([-down, 0.0, up]) / reach
    ternary = SharedIntegers(kernel, kind, moving, levels, reach, asymmetric=True)
    return ternary.fitted(LLOYD_ROUNDS)
