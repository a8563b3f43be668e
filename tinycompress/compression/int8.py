"""What the exported int8 file computes, by the runtime whose bytes the firmware reproduces."""

from __future__ import annotations

import numpy as np

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.compression.data import Data
from tinycompress.compression.network import Array
from tinycompress.oracle import Oracle

_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}


def int8_outputs(tflite: bytes, data: Data, *, exact_to: ExactTo = "tflm") -> tuple[Array, ...]:
    """Outputs as real numbers, batch first.

    Args:
        tflite: A fully quantised file.
        data: Samples.
        exact_to: Whose arithmetic.
    """
    oracle = Oracle(tflite, exact_to)
    results: list[tuple[Array, ...]] = []
    for index in range(len(data)):
        inputs = [
            quantize(array[index : index + 1], spec)
            for array, spec in zip(data.inputs, oracle.inputs, strict=True)
        ]
        outputs = oracle.run(*inputs)
        results.append(
            tuple(
                (output.astype(np.float64) - spec.zero_point) * spec.scale
                for output, spec in zip(outputs, oracle.outputs, strict=True)
            )
        )
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))


def quantize(values: Array, spec: TensorSpec) -> Array:
    """Real numbers as the stored integers of an input; rounds to nearest and saturates."""
    low, high = _LIMITS[spec.dtype]
    stored = np.round(values / spec.scale) + spec.zero_point
    return np.clip(stored, low, high).astype(spec.dtype).reshape(spec.shape)
