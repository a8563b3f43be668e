"""What the exported int8 file computes, by the runtime whose bytes the firmware reproduces."""

from __future__ import annotations

import numpy as np

from tinycompress.artifacts import ExactTo
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Array
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.oracle import Oracle


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
            quantize(array[index].reshape(spec.shape), spec)
            for array, spec in zip(data.inputs, oracle.inputs, strict=True)
        ]
        outputs = oracle.run(*inputs)
        results.append(
            tuple(
                dequantize(output, spec)
                for output, spec in zip(outputs, oracle.outputs, strict=True)
            )
        )
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
