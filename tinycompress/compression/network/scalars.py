"""Arithmetic with a constant as Rescaling: ``2 * x - 1``, ``x / [3, 4]``, ``-x``.

The converter takes such factors into the kernel before them. Known as Rescaling they are folded
before anything is pruned or shared, like BatchNormalization.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinycompress.compression.network.network import Array
from tinycompress.compression.network.nodes import is_symbolic

_Pair = tuple[Any, Any]

_BEHIND: Mapping[str, Callable[[Array], _Pair]] = {
    "Add": lambda c: (1.0, c),
    "Subtract": lambda c: (1.0, -c),
    "Multiply": lambda c: (c, 0.0),
    "Divide": lambda c: (1.0 / c, 0.0),
    "TrueDivide": lambda c: (1.0 / c, 0.0),
}
"""Scale and offset of ``x op c``."""
_BEFORE: Mapping[str, Callable[[Array], _Pair]] = {
    "Add": lambda c: (1.0, c),
    "Subtract": lambda c: (-1.0, c),
    "Multiply": lambda c: (c, 0.0),
}
"""Scale and offset of ``c op x``."""


def as_rescaling(kind: str, arguments: list[Any], channels: int | None) -> dict[str, Any] | None:
    """Configuration of the Rescaling that an operation of Keras 3 is; None if it is none.

    Args:
        kind: Class of the operation.
        arguments: What it is called with, symbolic tensors among it.
        channels: Of the tensor; a constant has one value, or as many.
    """
    tensors = [is_symbolic(one) for one in arguments]
    if kind == "Negative" and tensors == [True]:
        return {"scale": -1.0, "offset": 0.0}
    if sorted(tensors) != [False, True]:
        return None
    of_kind = (_BEHIND if tensors[0] else _BEFORE).get(kind)
    constant = _constant(arguments[tensors.index(False)], channels)
    if of_kind is None or constant is None:
        return None
    scale, offset = (_plain(one) for one in of_kind(constant))
    finite = np.all(np.isfinite(scale)) and np.all(np.isfinite(offset))
    return {"scale": scale, "offset": offset} if finite else None


def _constant(value: Any, channels: int | None) -> Array | None:
    if not isinstance(value, (int, float, np.ndarray, np.generic)) and not hasattr(value, "numpy"):
        return None
    array = np.asarray(getattr(value, "numpy", lambda: value)(), np.float64)
    if array.size == 1:
        return array.reshape(())
    return array.reshape(-1) if array.size == array.shape[-1] == channels else None


def _plain(value: Any) -> Any:
    return np.asarray(value, np.float64).tolist()
