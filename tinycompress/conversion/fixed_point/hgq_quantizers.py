"""What HGQ2's fixed-point quantisers are on int8: from their bits to grids, without HGQ2 itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.conversion.fixed_point.grids import Grid

_ROUNDINGS = ("RND", "RND_CONV")
_HOMOGENEOUS = "QuantizerConfig(..., homogeneous_axis=None, heterogeneous_axis=())"


@dataclass(frozen=True, eq=False)
class FixedBits:
    """Bits of a quantiser: one number of each for the tensor, or one for every element.

    Attributes:
        signs: 1 where negative values are kept, else 0.
        integers: Bits left of the point, without the sign.
        fractions: Bits right of it.
        rounding: ``RND``, ``RND_CONV``, ``TRN``, ...
        overflow: ``WRAP``, ``SAT``, ``SAT_SYM``.
    """

    signs: npt.NDArray[Any]
    integers: npt.NDArray[Any]
    fractions: npt.NDArray[Any]
    rounding: str
    overflow: str


def activation_grid(bits: FixedBits) -> Grid | str:
    """The values of an activation quantiser, or a sentence that says why they are on no grid.

    Values that HGQ2 wraps around saturate on int8. A model whose bits were traced on its data has
    none.
    """
    if bits.rounding not in _ROUNDINGS:
        return f"it rounds by {bits.rounding}, and int8 to the nearest: use round_mode='RND'"
    if len(np.unique(bits.fractions)) > 1:
        return (
            "its elements have steps of their own, and an int8 tensor has one: use one number of"
            f" bits for the tensor, {_HOMOGENEOUS}"
        )
    if bits.overflow != "WRAP" and len(np.unique(bits.integers)) > 1:
        return (
            "its elements have ranges of their own, and int8 clips all alike: use one number of"
            f" bits for the tensor, {_HOMOGENEOUS}"
        )
    fraction = int(bits.fractions.reshape(-1)[0])
    integer = int(bits.integers.max())
    negative = bool(bits.signs.any())
    if integer + fraction + negative <= 0:
        return "it has no bits left: all its values are zero"
    levels = 2.0 ** max(integer + fraction, 0)
    low = -int(levels) + bits.overflow.endswith("SYM") if negative else 0
    return Grid(2.0**-fraction, low, int(levels) - 1)
