"""What a model file answers to real values, by the runtime whose bytes the firmware reproduces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.oracle import open_oracle

Array = npt.NDArray[Any]


def stored_outputs(
    tflite: bytes, inputs: Sequence[Array], *, exact_to: ExactTo = "tflm"
) -> tuple[Array, ...]:
    """Outputs as the file stores them, an array of the shape (n, ...) for each.

    Every sample begins with the state that the file has.

    Args:
        tflite: The model file.
        inputs: Real values, an array of the shape (n, ...) for every input.
        exact_to: Whose arithmetic.

    Raises:
        ModelError: The oracle refuses the model.
    """
    oracle = open_oracle(tflite, exact_to)
    inputs_of, answers = oracle.inputs, len(oracle.outputs)
    try:
        rows = [
            [np.array(one) for one in oracle.run(*_stored(sample, inputs_of))[:answers]]
            for sample in zip(*inputs, strict=True)
        ]
    finally:
        oracle.close()
    return tuple(map(_joined, zip(*rows, strict=True)))


def real_outputs(stored: Sequence[Array], specs: Sequence[TensorSpec]) -> tuple[Array, ...]:
    """The real values that stored outputs mean; indexes stand for themselves."""
    return tuple(dequantize(values, spec) for values, spec in zip(stored, specs, strict=True))


def _joined(parts: Sequence[Array]) -> Array:
    """One array of all samples; an output without a batch dimension gets that of the samples."""
    has_batch = parts[0].ndim > 0 and parts[0].shape[0] == 1
    return np.concatenate(parts) if has_batch else np.stack(parts)


def _stored(sample: Sequence[Array], specs: Sequence[TensorSpec]) -> list[Array]:
    return [
        quantize(values.reshape(spec.shape), spec)
        for values, spec in zip(sample, specs, strict=True)
    ]
