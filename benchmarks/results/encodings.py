"""How the firmware of an int8 file stores each layer's weights: what docs/results.md tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress.artifacts import ExactTo, LayerInfo, Optimize
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.compression.checks.invariants import KernelFacts
from tinycompress.ir.reader import read_model

_WITH_KERNEL = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def stored_layers(
    tflite: bytes,
    kernels: Sequence[KernelFacts],
    *,
    board: str,
    exact_to: ExactTo,
    optimize: Optimize,
) -> list[dict[str, Any]]:
    """One row a layer, as plain values.

    Args:
        tflite: The file after the last stage.
        kernels: Its kernels, in the order in which the network runs them.
        board: Id of the board that it is built for.
        exact_to: As it is built.
        optimize: As it is built.
    """
    options = CodegenOptions.for_board(load_board(board), exact_to=exact_to, optimize=optimize)
    layers = [
        layer for layer in generate(read_model(tflite), options).layers if layer.op in _WITH_KERNEL
    ]
    return [_stored(*pair) for pair in zip(kernels, layers, strict=True)]


def _stored(kernel: KernelFacts, layer: LayerInfo) -> dict[str, Any]:
    weights = layer.weights
    return {
        "layer": kernel.layer,
        "weights": kernel.weights,
        "nonzero": kernel.weights - kernel.zeros,
        "distinct": kernel.distinct,
        "encoding": "int8" if weights is None else weights.encoding,
        "detail": "" if weights is None else weights.detail,
        "bytes": kernel.weights if weights is None else weights.encoded_bytes,
    }
