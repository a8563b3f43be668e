"""TensorLy, which fits tensors in factors; the one place that imports it."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from tinycompress.compression.network.network import Array
from tinycompress.errors import ConfigError

_ITERATIONS = 100
_TOLERANCE = 1e-6
_SEED = 0


def tucker_of(
    tensor: Array, ranks: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[Array, tuple[Array, ...]]:
    """A core and a factor for each of some axes, ``[size, rank]``; float32.

    Raises:
        ConfigError: TensorLy is not installed.
    """
    (core, factors), _ = _decomposition().partial_tucker(
        tensor.astype(np.float64), rank=list(ranks), modes=list(axes), n_iter_max=_ITERATIONS,
        tol=_TOLERANCE, random_state=_SEED,
    )  # fmt: skip
    return core.astype(np.float32), tuple(one.astype(np.float32) for one in factors)


def cp_of(tensor: Array, rank: int) -> tuple[Array, ...]:
    """A factor ``[size, rank]`` for each axis; float32, of equal norms so that all quantise well.

    Raises:
        ConfigError: TensorLy is not installed.
    """
    decomposition = _decomposition()
    with warnings.catch_warnings():
        # It begins with singular vectors, and says where an axis has fewer of them than the rank.
        warnings.simplefilter("ignore", UserWarning)
        weights, factors = decomposition.parafac(
            tensor.astype(np.float64), rank=rank, n_iter_max=_ITERATIONS, tol=_TOLERANCE,
            init="svd", random_state=_SEED,
        )  # fmt: skip
    norms = [np.maximum(np.linalg.norm(one, axis=0), 1e-30) for one in factors]
    each = np.prod(norms, axis=0) * (1.0 if weights is None else np.abs(weights))
    signs = 1.0 if weights is None else np.sign(weights)
    even = [one / norm * np.cbrt(each) for one, norm in zip(factors, norms, strict=True)]
    even[0] = even[0] * signs
    return tuple(one.astype(np.float32) for one in even)


def _decomposition() -> Any:
    try:
        return importlib.import_module("tensorly.decomposition")
    except ImportError as error:
        raise ConfigError(
            "TensorLy, which takes convolutions apart for tucker and cp, is not installed",
            hint='pip install "tinycompress-mcu[factors]"; or take method = "spatial"',
        ) from error
