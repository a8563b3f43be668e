"""Lowering of DIV, and what is refused of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import graph_of, int8, layers_of
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.layer import Layer
from tinycompress.errors import ModelError
from tinycompress.ir.arithmetic import float32, quantize_multiplier

SHAPE = [1, 4, 5, 2]


def _div(
    *,
    scales: tuple[float, float, float] = (0.1, 0.1, 0.01),
    zero: int = -128,
    divisor: list[int] | None = None,
    dtype: str = "INT8",
    exact_to: ExactTo = "tflm",
) -> tuple[Layer, ...]:
    b = Builder()
    data: Any = None if divisor is None else np.array(divisor, np.int8)
    x = b.tensor(SHAPE, dtype, scales=[scales[0]], zero_points=[0], name="x")
    z = b.tensor([2], dtype, data=data, scales=[scales[1]], zero_points=[zero], name="z")
    y = b.tensor(SHAPE, dtype, scales=[scales[2]], zero_points=[0], name="y")
    b.op("DIV", [x, z], [y], options("Div"))
    inputs = [x, z] if divisor is None else [x]
    return layers_of(graph_of(b, inputs, [y]), CodegenOptions(exact_to=exact_to))


def _refusal(**fields: Any) -> str:
    with pytest.raises(ModelError) as caught:
        _div(**fields)
    return "\n".join(caught.value.reasons)


def test_the_parameters_are_those_of_two_inputs() -> None:
    (layer,) = _div()
    assert (layer.kernel.name, layer.kernel.params_type) == ("div_s8_ref", "tck_binary_params")
    assert [layer.params[f"size_{i}"] for i in range(4)] == [1, 1, 20, 2]
    assert [layer.params[f"stride_2_{i}"] for i in range(4)] == [0, 0, 0, 1]
    assert layer.params["offset_2"] == 128


def test_the_factor_is_in_the_runtimes_precision() -> None:
    a, b, y = (float32(value) for value in (0.1, 0.1, 0.01))
    for exact_to, real in (("tflm", a / (b * y)), ("litert", float32(a / float32(b * y)))):
        (layer,) = _div(exact_to="litert" if exact_to == "litert" else "tflm")
        found = layer.params["output_multiplier"], layer.params["output_shift"]
        assert found == quantize_multiplier(real)


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_shifts_to_the_left_are_refused(exact_to: ExactTo) -> None:
    reason = _refusal(scales=(1.0, 1.0, 2.0**-22), exact_to=exact_to)
    assert "undefined: it is 4.1943e+06" in reason
    assert _div(scales=(1.0, 1.0, 2.0**-21), exact_to=exact_to)
    assert _div(scales=(1e-20, 1.0, 1.0), exact_to=exact_to)


def test_a_constant_divisor_is_known() -> None:
    assert _div(scales=(1.0, 1.0, 1.0), zero=0, divisor=[1, -3])
    assert "must have no element whose value is zero: element 1 of 'z'" in _refusal(
        divisor=[1, -128]
    )


def test_int16_is_for_litert() -> None:
    assert "TFLM has this operator on int8 only: int16" in _refusal(dtype="INT16", zero=0)
    (layer,) = _div(dtype="INT16", zero=0, exact_to="litert")
    assert layer.kernel.name == "div_s16_ref"
    assert "undefined: it is 16384" in (
        _refusal(dtype="INT16", zero=0, exact_to="litert", scales=(1.0, 1.0, 2.0**-14))
    )


def test_a_divisor_on_int32_is_constant() -> None:
    assert "without 0: the runtimes stop at a division by it: 'z' is computed by the model" in (
        _refusal(dtype="INT32", zero=0)
    )


def test_equal_shapes_are_one_loop() -> None:
    b = Builder()
    x, z, y = int8(b, SHAPE, 0.1), int8(b, SHAPE, 0.1), int8(b, SHAPE, 0.01)
    b.op("DIV", [x, z], [y], options("Div"))
    (layer,) = layers_of(graph_of(b, [x, z], [y]))
    assert [layer.params[f"size_{i}"] for i in range(4)] == [1, 1, 1, 40]
