"""The random inputs that a model is tried on where there are no samples: always the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec


def random_inputs(inputs: Sequence[TensorSpec], count: int) -> tuple[npt.NDArray[Any], ...]:
    """``count`` samples of every input, over the whole range of its type.

    Returns:
        One array per input, of the stored dtype and shape (count, *shape): integers evenly
        and bools evenly distributed, floats normally with deviation 1.
    """
    generator = np.random.default_rng(0)
    arrays: list[npt.NDArray[Any]] = []
    for spec in inputs:
        shape = (count, *spec.shape)
        if np.issubdtype(spec.dtype, np.integer):
            limits = np.iinfo(spec.dtype)
            arrays.append(
                generator.integers(limits.min, limits.max, shape, spec.dtype, endpoint=True)
            )
        elif spec.dtype == "bool":
            arrays.append(generator.integers(0, 2, shape).astype(bool))
        else:
            arrays.append(generator.standard_normal(shape).astype(spec.dtype))
    return tuple(arrays)
