"""Rules of operators that move, combine or tabulate elements: what breaks them, what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import check_legality, graph_of, int8
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.passes import run_passes
from tinycompress.errors import ModelError


def _reason(
    kind: str, shape: list[int], operands: list[Any], out: list[int], table: Any = None,
    exact_to: ExactTo = "tflm", scales: tuple[float, float] = (0.1, 0.1),
) -> str:  # fmt: skip
    b = Builder()
    x, y = int8(b, shape, scales[0], name="x"), int8(b, out, scales[1], name="y")
    inputs = [x]
    for values in operands:
        data = np.array(values, "<i4")
        inputs.append(b.tensor(data.shape, "INT32", data=data, name="operand"))
    b.op(kind, inputs, [y], table)
    with pytest.raises(ModelError) as caught:
        check_legality(run_passes(graph_of(b, [x], [y])), CodegenOptions(exact_to=exact_to))
    (reason,) = caught.value.reasons
    return reason


SLICED = options("StridedSlice")
CASES: tuple[tuple[tuple[Any, ...], str], ...] = (
    (("TRANSPOSE", [2, 3], [[0, 0]], [2, 2], options("Transpose")), "holds [0, 0] for 2 dim"),
    (("TRANSPOSE", [2, 3], [[1, 0]], [2, 3], options("Transpose")), "expected [3, 2]"),
    (("SLICE", [4], [[2], [3]], [3], options("Slice")), "[2], [3] for the input [4]"),
    (("SLICE", [4], [[2], [2]], [1], options("Slice")), "it is [1], expected [2]"),
    (("STRIDED_SLICE", [4], [[0], [4], [0]], [4], SLICED), "strides not 0"),
    (("STRIDED_SLICE", [4], [[0], [4], [1]], [4], options("StridedSlice", ellipsisMask=1)),
     "ellipsis_mask is 1"),
    (("STRIDED_SLICE", [4], [[4], [5], [1]], [], options("StridedSlice", shrinkAxisMask=1)),
     "within the input"),
    (("REVERSE_V2", [4], [[1]], [4], options("ReverseV2")), "[1] for the input [4]"),
    (("UNPACK", [2, 3], [], [3], options("Unpack", axis=2, num=1)), "of an input with 2 dim"),
    (("GATHER", [4], [[4]], [1], options("Gather")), "4 of 4"),
    (("GATHER", [4], [[1]], [1], options("Gather", axis=1)), "axis 1 of [4]"),
    (("MIRROR_PAD", [4], [[[4, 0]]], [8], options("MirrorPad")), "(4, 0) around 4"),
    (("MIRROR_PAD", [1 << 20], [[[1, 0]]], [(1 << 20) + 1], options("MirrorPad")), "above 65536"),
    (("TILE", [2], [[1 << 30]], [4], options("Tile")), "from [2] to [4]"),
    (("BROADCAST_TO", [2], [[3]], [3]), "[2] to [3]"),
    (("TILE", [2], [[2]], [4], options("Tile")), "Only LiteRT has this operator"),
    (("SPACE_TO_DEPTH", [1, 3, 2, 1], [], [1, 1, 1, 4], options("SpaceToDepth", blockSize=2)),
     "with blocks of 2"),
    (("SPACE_TO_BATCH_ND", [1, 3, 2, 1], [[2, 2], [[0, 0], [0, 0]]], [4, 1, 1, 1],
      options("SpaceToBatchND")), "3 elements in blocks of 2"),
    (("RESIZE_BILINEAR", [1, 2, 2, 1], [[3, 3]], [1, 4, 4, 1], options("ResizeBilinear")),
     "[3, 3], [1, 2, 2, 1] to [1, 4, 4, 1]"),
    (("RESIZE_BILINEAR", [1, 2, 2, 1], [[3, 3]], [1, 3, 3, 1],
      options("ResizeBilinear", alignCorners=True, halfPixelCenters=True)), "both are set"),
    (("REDUCE_MAX", [2, 3], [[1]], [2], options("Reducer"), "tflm", (0.1, 0.2)), "0.1/0 and 0.2/0"),
    (("SUM", [2, 3], [[1]], [2], options("Reducer"), "litert"), "exact_to is litert"),
    (("ELU", [4], [], [4], None, "litert"), "Only TFLM has this operator"),
    (("EXP", [4], [], [4], options("Exp")), "Only LiteRT has this operator"),
    (("LOGISTIC", [4], [], [4]), "scale 1/256 and zero point -128: scale 0.1, zero point 0"),
    (("HARD_SWISH", [4], [], [4], None, "tflm", (1.0, 0.001)), "range of the runtimes' arithmetic"),
    (("LOG_SOFTMAX", [4], [], [4], options("LogSoftmax")), "scale 1/16 and zero point 127"),
    (("L2_NORMALIZATION", [4], [], [4], options("L2Norm")), "scale 1/128 and zero point 0"),
    (("QUANTIZE", [4], [], [5], options("Quantize")), "[4] and [5]"),
)  # fmt: skip


@pytest.mark.parametrize(("model", "words"), CASES, ids=[f"{c[0][0]} {c[1]}" for c in CASES])
def test_a_broken_rule_is_named(model: tuple[Any, ...], words: str) -> None:
    assert words in _reason(*model)


def _binary(kind: str, scales: tuple[float, float, float], exact_to: ExactTo = "tflm") -> str:
    b = Builder()
    x, z, y = (int8(b, [4], scale) for scale in scales)
    name = {"MUL": "Mul", "SUB": "Sub", "SQUARED_DIFFERENCE": "SquaredDifference"}.get(kind)
    b.op(kind, [x, z], [y], options(name or "MaximumMinimum"))
    with pytest.raises(ModelError) as caught:
        check_legality(run_passes(graph_of(b, [x, z], [y])), CodegenOptions(exact_to=exact_to))
    (reason,) = caught.value.reasons
    return reason


def test_scales_beyond_the_runtimes_are_refused() -> None:
    assert "below 2^30: it is 1e+10" in _binary("MUL", (1.0, 1.0, 1e-10))
    assert "2^-19" in _binary("SUB", (1.0, 1.0, 1e-7))
    assert "2^-12" in _binary("SQUARED_DIFFERENCE", (1.0, 1.0, 1e-4), "litert")
    assert "same scale and zero point" in _binary("MAXIMUM", (1.0, 1.0, 0.5))


def test_joined_inputs_have_one_quantisation() -> None:
    b = Builder()
    x, z, y = int8(b, [4], 0.1), int8(b, [4], 0.2, name="other"), int8(b, [8], 0.1, name="y")
    b.op("CONCATENATION", [x, z], [y], options("Concatenation"))
    with pytest.raises(ModelError) as caught:
        check_legality(run_passes(graph_of(b, [x, z], [y])), CodegenOptions())
    assert "'other' has others than 'y'" in caught.value.reasons[0]


def test_a_float_input_is_only_quantised() -> None:
    b = Builder()
    x, y = b.tensor([4], "FLOAT32", name="x"), b.tensor([4], "FLOAT32", name="y")
    b.op("RESHAPE", [x], [y], options("Reshape"))
    z = int8(b, [4])
    b.op("QUANTIZE", [y], [z], options("Quantize"))
    check_legality(run_passes(graph_of(b, [x], [z])), CodegenOptions())
