"""Models of one layer around a filter, and what stock TFLM decodes in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from support.models.tflite_files import Builder
from tinycompress.codegen.tflm.decode.format import Encoded, Filter
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

Kind = Literal["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"]


@dataclass(frozen=True)
class FilterModel:
    """A file, and the index of the filter's tensor in it."""

    tflite: bytes
    index: int

    def filter(self) -> Filter:
        """The filter as the encoders take it."""
        return Filter.of(read_model(self.tflite).main.tensors[self.index])

    def encoded(self, encoded: Encoded) -> bytes:
        """The file with the filter encoded."""
        return Rewriter(self.tflite).rewritten({self.index: encoded})


def filter_model(
    kind: Kind, values: npt.NDArray[np.int8], scales: int, zero_points: Sequence[int] = (0,)
) -> FilterModel:
    """One layer without a bias: as many scales as given, along the kernel's own dimension.

    Args:
        kind: Whose filter it is.
        values: int8: ``[outputs, inputs]``, ``[outputs, height, width, inputs]``, or
            ``[1, height, width, channels]``.
        scales: 1, or as many as there are outputs.
        zero_points: One for all scales, or one for each.
    """
    b = Builder()
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    outputs, inputs = values.shape[axis], values.shape[-1]
    batch = [1] if kind == "FULLY_CONNECTED" else [1, *values.shape[1:3]]
    spatial = [1] if kind == "FULLY_CONNECTED" else [1, 1, 1]
    source = b.tensor([*batch, inputs], name="input", scales=[0.5], zero_points=[-3])
    index = b.tensor(
        values.shape, data=values, name="filter", axis=axis,
        scales=[0.01 + 0.001 * n for n in range(scales)],
        zero_points=[*zero_points] * (scales // len(zero_points)),
    )  # fmt: skip
    made = b.tensor([*spatial, outputs], name="layer", scales=[1 + values.size / 50])
    # TFLM's depthwise convolution crashes on -1 for a bias, its dense layer without one.
    bias = [-1] if kind == "FULLY_CONNECTED" else []
    b.op(kind, [source, index, *bias], [made], _options(kind))
    return FilterModel(b.pack([source], [made]), index)


def decoded(model: FilterModel, encoded: Encoded) -> npt.NDArray[Any]:
    """The filter that stock TFLM's interpreter decodes."""
    tflite = model.encoded(encoded)
    oracle = Oracle(tflite, "tflm", keep_tensors=True)
    (spec,) = oracle.inputs
    try:
        (found,) = oracle.trace(np.zeros(spec.shape, np.int8), tensors=[model.index])
        return found
    finally:
        oracle.close()


def outputs(tflite: bytes, *inputs: npt.NDArray[Any]) -> list[bytes]:
    """What stock TFLM's interpreter answers."""
    oracle = Oracle(tflite, "tflm")
    try:
        return [array.tobytes() for array in oracle.run(*inputs)]
    finally:
        oracle.close()


def _options(kind: Kind) -> Any:
    if kind == "FULLY_CONNECTED":
        return schema.FullyConnectedOptionsT()
    options: Any = schema.Conv2DOptionsT()
    if kind == "DEPTHWISE_CONV_2D":
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
    options.padding = schema.Padding.VALID
    options.strideH = options.strideW = 1
    return options
