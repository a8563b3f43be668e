"""Scales whose ratios single precision cannot hold are refused, not stumbled over."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from support.cases.kernels import BOTH, options
from support.cases.lowering import layers_of
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

TABLES = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div", "BATCH_MATMUL": "BatchMatMul",
          "SQUARED_DIFFERENCE": "SquaredDifference", "ABS": "Abs", "LEAKY_RELU": "LeakyRelu",
          "HARD_SWISH": "HardSwish", "QUANTIZE": "Quantize", "NEG": "Neg"}  # fmt: skip
TWO_INPUTS = ("ADD", "SUB", "MUL", "DIV", "BATCH_MATMUL", "SQUARED_DIFFERENCE", "PRELU")
UNSCALED = ("NEG", "RSQRT")
ONLY: dict[str, ExactTo] = {"NEG": "litert", "SQRT": "litert", "EXP": "litert", "ELU": "tflm",
                            "SUM": "tflm"}  # fmt: skip
KINDS = (*TABLES, "PRELU", "RELU", "RELU6", "RSQRT", "SQRT", "EXP", "ELU", "MEAN", "SUM")


def _model(kind: str, dtype: str, scales: tuple[float, ...]) -> bytes:
    b = Builder()
    x, other = (b.tensor([3, 3], dtype, scales=[scales[0]], zero_points=[0]) for _ in range(2))
    y = b.tensor([3, 3], dtype, scales=[scales[1]], zero_points=[0])
    inputs = [x, other] if kind in TWO_INPUTS else [x]
    table = options(TABLES[kind]) if kind in TABLES else None
    if kind in ("MEAN", "SUM"):
        axes = b.tensor([1], "INT32", data=b"\1\0\0\0")
        b.graph.tensors[y].shape = [3, 1]
        b.op(kind, [x, axes], [y], options("Reducer", keepDims=True))
        return b.pack([x], [y])
    b.op(kind, inputs, [y], table)
    return b.pack(inputs, [y])


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("dtype", ["INT8", "INT16"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in UNSCALED])
def test_ratios_beyond_single_precision_are_refused(
    kind: str, dtype: str, exact_to: ExactTo
) -> None:
    model = read_model(_model(kind, dtype, (3e38, 1e-38)))
    with pytest.raises(ModelError) as caught:
        generate(model, CodegenOptions(exact_to=exact_to))
    assert caught.value.exit_code == 3
    assert all(kind in reason for reason in caught.value.reasons)


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_any_scales_are_taken_or_refused(kind: str, exact_to: ExactTo) -> None:
    sizes = (1e-45, 1e-19, 1e-3, 0.1, 30.0, 1e5, 3e38)
    taken = 0
    for scales in product(sizes, sizes):
        # Anything but this error fails the test.
        with suppress(ModelError):
            graph = read_model(_model(kind, "INT8", scales)).main
            taken += len(layers_of(graph, CodegenOptions(exact_to=exact_to)))
    assert taken > 0 or ONLY.get(kind, exact_to) != exact_to
