"""The table of the int16 LOGISTIC and TANH, which both runtimes interpolate linearly."""

from __future__ import annotations

import functools
import math

_STEPS_PER_UNIT = 24
_ENTRIES = 256


def _sigmoid(position: float) -> float:
    return 65536.0 / (1.0 + math.exp(-position / _STEPS_PER_UNIT))


@functools.lru_cache(maxsize=1)
def sigmoid_table() -> tuple[int, ...]:
    """Sigmoid of 0, 1/24, .. 255/24 in 16 bits after the point.

    Every entry lies above the curve by half of what a chord to the next entry would be below it in
    its middle, so that interpolation errs to both sides alike; the last entry is the largest number
    of 16 bits.
    """
    entries = []
    for i in range(_ENTRIES):
        middle = _sigmoid(i + 0.5) - (_sigmoid(i) + _sigmoid(i + 1)) / 2
        entries.append(round(_sigmoid(i) + middle / 2))
    entries[-1] = 65535
    return tuple(entries)
