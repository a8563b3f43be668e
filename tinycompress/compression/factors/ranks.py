"""How many factors a kernel needs: by energy, by a share of the full rank, or by its noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from tinycompress.compression.network.network import Array

_TRIED = 400
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Wish:
    """How ranks are chosen: by one of the three.

    Attributes:
        energy: The least rank that keeps so much of the squared singular values.
        ratio: So much of the full rank.
        vbmf: What stands out of the noise, by variational Bayes.
    """

    energy: float | None = None
    ratio: float | None = None
    vbmf: bool = False

    def rank(self, matrix: Array) -> int:
        """The rank of a matrix, at least 1."""
        values = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
        if self.vbmf:
            return max(1, vbmf_rank(values, matrix.shape))
        if self.ratio is not None:
            return max(1, ceil(len(values) * self.ratio))
        kept = np.cumsum(values**2)
        return int(np.argmax(kept >= (self.energy or 1.0) * kept[-1])) + 1


def vbmf_rank(values: Array, shape: tuple[int, ...]) -> int:
    """How many singular values stand out of noise of a variance that is estimated.

    Source: Nakajima et al., Global Analytic Solution of Fully-observed Variational Bayesian Matrix
    Factorization, 2013: the empirical variational Bayes estimate (EVBMF).

    Args:
        values: Singular values, descending.
        shape: Of the matrix.
    """
    few, many = sorted(shape)
    ratio = few / many
    squares = np.maximum(values.astype(np.float64) ** 2, _SMALLEST)
    tau = 2.5129 * np.sqrt(ratio)
    limit = (1 + tau) * (1 + ratio / tau)
    tail = min(ceil(few / (1 + ratio)) - 1, few - 1)
    low = max(float(squares[tail]) / (many * limit), float(squares[tail:].mean()) / many)
    high = float(squares.sum()) / (few * many)
    if not 0 < low < high:
        return int(np.sum(squares > many * high * limit))
    tried = np.geomspace(low, high, _TRIED)
    energies = [_free_energy(squares / (many * one), one, ratio, limit, few) for one in tried]
    noise = tried[int(np.argmin(energies))]
    return int(np.sum(squares > many * noise * limit))


def _free_energy(x: Array, noise: float, ratio: float, limit: float, few: int) -> float:
    """Of the model where the noise has a variance, but for a constant; x are scaled squares."""
    out, rest = x[x > limit], x[x <= limit]
    middle = out - (1 + ratio)
    tau = (middle + np.sqrt(np.maximum(middle**2 - 4 * ratio, 0.0))) / 2
    terms = np.sum(rest - np.log(rest)) + np.sum(out - tau)
    terms += np.sum(np.log((tau + 1) / out)) + ratio * np.sum(np.log(tau / ratio + 1))
    return float(terms + (few - len(x)) * np.log(noise))
