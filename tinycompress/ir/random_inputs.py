"""The random inputs for a model without samples: always the same ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec
from tinycompress.ir.graph import Graph
from tinycompress.ir.index_ranges import Largest, index_ranges
from tinycompress.ir.specs import input_specs


def random_inputs(graph: Graph, count: int) -> tuple[npt.NDArray[Any], ...]:
    """``count`` samples of every input, over the whole range of its type.

    Args:
        graph: The model's main subgraph.
        count: How many samples.

    Returns:
        One array per input, of the stored dtype and shape (count, *shape): integers and bools
        evenly distributed, floats normally with deviation 1, indices evenly within what they choose
        from.
    """
    generator, ranges = np.random.default_rng(0), index_ranges(graph)
    return tuple(
        _random(spec, (count, *spec.shape), ranges.get(position), generator)
        for position, spec in enumerate(input_specs(graph))
    )


def _random(
    spec: TensorSpec, shape: tuple[int, ...], largest: Largest | None, rng: np.random.Generator
) -> npt.NDArray[Any]:
    is_integer = np.issubdtype(spec.dtype, np.integer)
    if largest is not None:
        if is_integer:
            largest = np.minimum(largest, np.iinfo(spec.dtype).max)
        return rng.integers(0, largest, shape, np.int64, endpoint=True).astype(spec.dtype)
    if is_integer:
        limits = np.iinfo(spec.dtype)
        return rng.integers(limits.min, limits.max, shape, spec.dtype, endpoint=True)
    if spec.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return rng.standard_normal(shape).astype(spec.dtype)
