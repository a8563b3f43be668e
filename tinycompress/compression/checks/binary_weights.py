"""Binary weights that are trained as BinaryConnect does: clipped behind the sign, or drawn by it.

Courbariaux et al., BinaryConnect (2015): steps go to weights in full precision, which are clipped
after each, as what lies far beyond the sign's reach would never turn. The network computes with
their signs, or with signs that are drawn: plus with probability (w + 1) / 2. Here 1 is the row's
scale, the mean magnitude of its weights (Rastegari et al., XNOR-Net, 2016), which stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinycompress.compression.checks.shared_integers import SharedIntegers
from tinycompress.compression.network.network import Array


class BinaryWeights(SharedIntegers):
    """Holds a kernel to two integers of equal magnitude; a projection with weights behind it.

    Args:
        kernel: float32, as it is when its training begins.
        kind: Class of its layer, one of `SCALED_ALIKE`.
        moving: bool, in the shape of the kernel: all of it, as there is no value for zero.
        draws: Seeds of the signs that are drawn while it trains; None draws none.
    """

    def __init__(
        self, kernel: Array, kind: str, moving: Array, *, draws: Sequence[int] | None
    ) -> None:
        super().__init__(kernel, kind, moving, np.array([-1.0, 1.0]))
        self._clip()
        self._generator = None if draws is None else np.random.default_rng(draws)

    def _start(self) -> Array:
        count = np.bincount(self._owner, minlength=self._scales.size)
        sums = np.bincount(self._owner, weights=np.abs(self._latent), minlength=self._scales.size)
        means: Array = sums / np.maximum(count, 1)
        return means

    def __call__(self, changed: Array) -> Array:
        """The kernel after a step that was made from what the last call returned."""
        self._step(changed)
        reach = self._clip()
        if self._generator is None:
            return self.settled()
        share = (self._latent / np.where(reach > 0, reach, 1.0) + 1.0) / 2.0
        return self._written(
            (self._generator.random(share.shape) < share).astype(np.int64), self._integers()
        )

    def _clip(self) -> Array:
        """Take weights that are beyond their scale back to it; returns the scale of each."""
        reach: Array = self._scales[self._owner]
        self._latent = np.clip(self._latent, -reach, reach)
        return reach

    def settled(self) -> Array:
        """The kernel by the signs, without chance: what is left when training is over."""
        integers = self._integers()
        return self._written((self._latent >= 0).astype(np.int64), integers)
