"""How far the integers of an int8 file are from the exact values that they round."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.ir.graph import Graph, Op, Tensor
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
Array = npt.NDArray[Any]


def tensors_of(oracle: Oracle, main: Graph, sample: Array) -> dict[int, Array]:
    """What the tensors of a file hold for one sample of real values, by index."""
    (spec,) = oracle.inputs
    stored = quantize(sample.reshape(spec.shape), spec)
    wanted = [op.outputs[0] for op in main.ops]
    found = oracle.trace(stored, tensors=wanted)
    return dict(zip((main.inputs[0], *wanted), (stored, *found), strict=True))


def rounding_errors(tflite: bytes, samples: Array, exact_to: ExactTo) -> dict[str, float]:
    """By operator: the largest distance of an output from its exact value, beyond what rounds it.

    Half a step is what rounding takes, and one unit of the sum what rounding twice may add.
    """
    main = read_model(tflite).main
    worst: dict[str, float] = {}
    with closing(Oracle(tflite, exact_to, keep_tensors=True)) as oracle:
        for sample in samples:
            held = tensors_of(oracle, main, sample)
            for op in main.ops:
                if op.kind in _WEIGHTED:
                    beyond = _beyond(main, op, held)
                    worst[op.kind] = max(worst.get(op.kind, -1.0), beyond)
    return worst


def _beyond(main: Graph, op: Op, held: dict[int, Array]) -> float:
    source, out = main.tensors[op.inputs[0]], main.tensors[op.outputs[0]]
    weights = main.tensors[op.inputs[1]]
    bias = None if op.inputs[2] < 0 else main.tensors[op.inputs[2]].data
    assert source.quantization is not None
    assert out.quantization is not None
    assert weights.quantization is not None
    x = held[source.index].astype(np.float64) - source.quantization.zero_point
    sums = _sums(op, x.reshape(source.shape), weights) + (0 if bias is None else bias)
    units = source.quantization.scale * np.array(weights.quantization.scales)
    units = units / out.quantization.scale
    low = out.quantization.zero_point if "RELU" in str(op.options) else -128
    exact = np.clip(sums * units + out.quantization.zero_point, low, 127)
    off = np.abs(held[out.index].reshape(exact.shape) - exact)
    return float((off - 0.5 - units - 1e-6).max())


def _sums(op: Op, x: Array, weights: Tensor) -> Array:
    tf = _tf.tensorflow()
    assert weights.data is not None
    w = weights.data.astype(np.float64)
    if op.kind == "FULLY_CONNECTED":
        return np.asarray(x.reshape(-1, w.shape[1]) @ w.T)
    padding = str(op.options["padding"])
    if op.kind == "CONV_2D":
        kernel = np.moveaxis(w, 0, -1)
        return np.asarray(tf.nn.conv2d(x, kernel, 1, padding))
    kernel = np.moveaxis(w, 0, -1)
    return np.asarray(tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], padding))
