"""Operators that one of the runtimes has and the other has not."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import KernelCases, options
from support.cases.lowering import graph_of, layers_of
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle


def _reasons(kind: str, dtype: str, shapes: list[list[int]], exact_to: ExactTo) -> str:
    b = Builder()
    tensors = [
        b.tensor(shape, dtype, scales=[0.1], zero_points=[0], name=f"t{i}")
        for i, shape in enumerate(shapes)
    ]
    b.op(kind, tensors[:-1], tensors[-1:])
    with pytest.raises(ModelError) as caught:
        layers_of(
            graph_of(b, tensors[:-1], tensors[-1:]),
            CodegenOptions(exact_to=exact_to),
        )
    assert caught.value.exit_code == 3
    (reason,) = caught.value.reasons
    return reason


@pytest.mark.parametrize("kind", ["NEG", "SQRT"])
def test_tflm_has_these_on_float_only(kind: str) -> None:
    reason = _reasons(kind, "INT8", [[4], [4]], "tflm")
    assert reason == f"op 0 {kind} 't1': Only LiteRT has this operator: exact_to is tflm"


def test_int16_of_a_root_is_refused() -> None:
    reason = _reasons("SQRT", "INT16", [[4], [4]], "litert")
    assert reason.endswith("must be int8: 't0' is int16, 't1' is int16")


@pytest.mark.parametrize("kind", ["COS", "LOG", "SIN", "SQUARE"])
def test_what_stock_tflm_has_on_float_only_says_so(kind: str) -> None:
    reason = _reasons(kind, "INT8", [[4], [4]], "tflm")
    assert "not supported; stock TFLM computes it on float32 only" in reason


def test_sum_is_refused_for_litert_whose_own_is_no_sum() -> None:
    """-0.5 and -0.5 are 127: its kernel reads 254 and 254."""
    cases = KernelCases(1)
    x, y = cases.input([1, 2], 0.25, 0), cases.activation([1], 1.0, 0)
    cases.op("sum", "SUM", [x, cases.int32([1])], y, options("Reducer", keepDims=False))
    outputs = [
        Oracle(cases.tflite(), name).run(np.array([[-2, -2]], np.int8))
        for name in ("tflm", "litert")
    ]
    assert [output.item() for (output,) in outputs] == [-1, 127]
    with pytest.raises(ModelError, match="LiteRT's reads int8 as unsigned"):
        generate(read_model(cases.tflite()), CodegenOptions(exact_to="litert"))
