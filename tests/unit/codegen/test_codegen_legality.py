"""Every rule: one model that breaks it, and what the user reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import check_legality, graph_of, int8, ones
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.ops import OPS, rule_of
from tinycompress.codegen.passes import run_passes
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import Graph

Built = tuple[Builder, Sequence[int], Sequence[int]]


def _reasons(graph: Graph, exact_to: ExactTo = "tflm") -> tuple[str, ...]:
    with pytest.raises(ModelError) as caught:
        check_legality(run_passes(graph), CodegenOptions(exact_to=exact_to))
    assert caught.value.hint
    assert caught.value.exit_code == 3
    return caught.value.reasons


def _conv(
    *,
    filter_shape: Sequence[int] = (4, 3, 3, 2),
    filter_dtype: str = "INT8",
    filter_data: bool = True,
    filter_zero: int = 0,
    filter_axis: int | None = None,
    bias_dtype: str = "INT32",
    bias_count: int = 4,
    out_shape: Sequence[int] = (1, 5, 5, 4),
    out_scale: float = 0.3,
    kind: str = "CONV_2D",
    **fields: Any,
) -> Built:
    b = Builder()
    x = int8(b, [1, 5, 5, 2])
    count = 1 if filter_axis is None else filter_shape[filter_axis]
    types = {"INT8": "i1", "INT16": "<i2", "INT32": "<i4", "FLOAT32": "<f4"}
    data = np.ones(filter_shape, types[filter_dtype]) if filter_data else None
    w = b.tensor(
        filter_shape, filter_dtype, data=data, scales=[0.2] * count, axis=filter_axis or 0,
        zero_points=[filter_zero] * count, name="w",
    )  # fmt: skip
    bias = b.tensor(
        [bias_count], bias_dtype, data=np.zeros(bias_count, types[bias_dtype]), name="b"
    )
    y = int8(b, out_shape, out_scale, name="layer/Relu;other")
    fields = {"padding": "SAME", "strideH": 1, "strideW": 1, **fields}
    table = "Conv2D" if kind == "CONV_2D" else "DepthwiseConv2D"
    b.op(kind, [x, w, bias], [y], options(table, **fields))
    return b, ([x] if filter_data else [x, w]), [y]


def _depthwise(filter_shape: Sequence[int] = (1, 3, 3, 4), **changes: Any) -> Built:
    changes = {"depthMultiplier": 2, **changes}
    return _conv(kind="DEPTHWISE_CONV_2D", filter_shape=filter_shape, **changes)


def _dense(
    *,
    inputs: int = 6,
    out_shape: Sequence[int] = (1, 3),
    bias_scale: float | None = 0.02,
    scales: Sequence[float] = (0.2,),
    zeros: Sequence[int] = (0,),
    out_scale: float = 0.3,
    **fields: Any,
) -> Built:
    b = Builder()
    x = int8(b, [1, inputs])
    w = b.tensor([3, 6], data=ones([3, 6]), scales=scales, zero_points=zeros, name="w")
    bias = -1
    if bias_scale is not None:
        bias = b.tensor([3], "INT32", data=np.ones(3, "<i4"), scales=[bias_scale], name="b")
    y = int8(b, out_shape, out_scale)
    b.op("FULLY_CONNECTED", [x, w, bias], [y], options("FullyConnected", **fields))
    return b, [x], [y]


def _pool(out_shape: Sequence[int] = (1, 2, 2, 1), zero: int = 0, **fields: Any) -> Built:
    b = Builder()
    x, y = int8(b, [1, 4, 4, 1]), int8(b, out_shape, zero=zero)
    sizes = {"strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2, **fields}
    b.op("MAX_POOL_2D", [x], [y], options("Pool2D", **sizes))
    return b, [x], [y]


def _mean(
    axes: Sequence[int], out_shape: Sequence[int], shape: Sequence[int] = (1, 4, 4, 3),
    dtype: str = "INT32", out_scale: float = 0.1,
) -> Built:  # fmt: skip
    b = Builder()
    x, y = int8(b, shape), int8(b, out_shape, out_scale)
    data = np.array(axes, "<i4" if dtype == "INT32" else "<i8")
    axis = b.tensor([len(axes)], dtype, data=data, name="axes")
    b.op("MEAN", [x, axis], [y], options("Reducer"))
    return b, [x], [y]


def _add(a: Sequence[int], c: Sequence[int], out: Sequence[int], out_scale: float = 0.1) -> Built:
    b = Builder()
    x, z, y = int8(b, a), int8(b, c), int8(b, out, out_scale)
    b.op("ADD", [x, z], [y], options("Add"))
    return b, [x, z], [y]


def _add_constants() -> Built:
    b = Builder()
    x, y = int8(b, [2], data=ones([2])), int8(b, [2])
    b.op("ADD", [x, x], [y], options("Add"))
    return b, [], [y]


def _pad(pads: Sequence[Sequence[int]], out: Sequence[int]) -> Built:
    b = Builder()
    x, y = int8(b, [2, 3]), int8(b, out)
    p = b.tensor(np.shape(pads), "INT32", data=np.array(pads, "<i4"), name="pads")
    b.op("PAD", [x, p], [y], options("Pad"))
    return b, [x], [y]


def _softmax(
    shape: Sequence[int] = (1, 4), out: Sequence[int] = (1, 4), scale: float = 1 / 256,
    in_scale: float = 0.1,
) -> Built:  # fmt: skip
    b = Builder()
    x, y = int8(b, shape, in_scale), int8(b, out, scale, -128)
    b.op("SOFTMAX", [x], [y], options("Softmax", beta=1.0))
    return b, [x], [y]


def _one_to_one(kind: str, shape: Sequence[int], in_scale: float, out_scale: float) -> Built:
    b = Builder()
    x, y = int8(b, [2, 3], in_scale), int8(b, shape, out_scale)
    b.op(kind, [x], [y])
    return b, [x], [y]


BROKEN: tuple[tuple[Callable[[], Built], str], ...] = (
    (lambda: _conv(filter_dtype="INT16"), "must be int8: 'w' is int16"),
    (lambda: _conv(filter_data=False), "The filter must be constant: 'w' is computed"),
    (lambda: _conv(filter_shape=(4, 9, 2)), "The filter must have 4 dimensions: 'w' has shape"),
    (lambda: _conv(filter_zero=3), "with zero point 0: 'w' has zero point 3"),
    (lambda: _conv(filter_axis=3), "along dimension 0, with zero point 0: 'w' has scales along"),
    (lambda: _conv(bias_dtype="FLOAT32"), "'b' is constant float32"),
    (lambda: _conv(bias_count=5), "'b' has 5 elements for 4 channels"),
    (lambda: _conv(strideH=0), "must be at least 1: stride_h is 0"),
    (lambda: _conv(dilationWFactor=-2), "must be at least 1: dilation_w_factor is -2"),
    (lambda: _conv(dilationHFactor=2**23), "fewer than 2^24 elements in height and"),
    (lambda: _depthwise(dilationHFactor=2**30), "it spans 2147483649x3"),
    (lambda: _pool(filterWidth=2**24), "it spans 2x16777216"),
    (lambda: _conv(filter_shape=(4, 3, 3, 3)), "2 input channels, 3 in the filter"),
    (lambda: _conv(padding="VALID"), "it is [1, 5, 5, 4], expected [1, 3, 3, 4]"),
    (lambda: _conv(padding="VALID", strideH=9), "expected [1, 1, 3, 4]"),
    (lambda: _conv(out_scale=1e-12), "must be below 2^30: input scale x weight scale"),
    (lambda: _conv(fusedActivationFunction="TANH"), "RELU_N1_TO_1, with bounds within int32: TANH"),
    (lambda: _depthwise((2, 3, 3, 4)), "filter [2, 3, 3, 4] on 2 input channels"),
    (lambda: _depthwise((1, 3, 3, 3), bias_count=3, out_shape=(1, 5, 5, 3)), "on 2 input channels"),
    (lambda: _depthwise(depthMultiplier=3), "it is 3, the shapes say 2"),
    (lambda: _depthwise(out_shape=(1, 4, 5, 4)), "it is [1, 4, 5, 4], expected [1, 5, 5, 4]"),
    (lambda: _dense(inputs=7), "[1, 7] times weights [3, 6] gives [1, 3]"),
    (lambda: _dense(out_shape=(3, 1)), "gives [3, 1]"),
    (lambda: _dense(bias_scale=0.5), "'b' has scale 0.5, expected 0.02"),
    (lambda: _dense(weightsFormat=1), "default format: SHUFFLED4x16INT8"),
    (lambda: _dense(scales=[0.1] * 3, zeros=[0, 1, 0]), "zero points not all 0"),
    (lambda: _pool(filterHeight=0), "at least 1x1: it is 0x2"),
    (lambda: _pool(out_shape=(1, 3, 2, 1)), "it is [1, 3, 2, 1], expected [1, 2, 2, 1]"),
    (lambda: _pool(zero=1), "nothing is rescaled: 0.1/0 and 0.1/1"),
    (lambda: _mean([4], [1, 4, 4, 3]), "axes [4] of 4 dimensions"),
    (lambda: _mean([1], [1, 4, 3], dtype="INT64"), "'axes' is int64"),
    (lambda: _mean([1], [1, 4, 4]), "it is [1, 4, 4], expected [1, 4, 3]"),
    (lambda: _mean([0, 2, 4], [2, 2, 2], (2,) * 6), "axes [0, 2, 4] of [2, 2, 2, 2, 2, 2]"),
    (lambda: _mean([1], [1, 4, 3], out_scale=1e-12), "must be below 2^30"),
    (lambda: _add([2, 3], [2], [2, 3]), "[2, 3] and [2] give [2, 3]"),
    (lambda: _add([1, 2, 1, 2, 3], [3], [1, 2, 1, 2, 3]), "must have at most 4 dimensions"),
    (lambda: _add([2], [2], [2], 1e-9), "output scale 1e-09 against input scale 0.1"),
    (_add_constants, "At least one input must not be constant"),
    (lambda: _pad([[0, 1]], [2, 4]), "'pads' is int32[1, 2]"),
    (lambda: _pad([[0, -1], [0, 0]], [1, 3]), "none negative: (0, -1)"),
    (lambda: _pad([[0, 1], [0, 0]], [2, 3]), "it is [2, 3], expected [3, 3]"),
    (lambda: _softmax(scale=0.01), "on int16 1/32768 and 0: scale 0.01"),
    (lambda: _softmax(out=(4, 1)), "[1, 4] and [4, 1]"),
    (lambda: _softmax((1, 4096), (1, 4096)), "at most 4095: it is 4096"),
    (lambda: _softmax(in_scale=2.0**-27), "must be above 2^-26"),
    (lambda: _one_to_one("RELU", [3, 2], 0.1, 0.1), "[2, 3] and [3, 2]"),
    (lambda: _one_to_one("RELU", [2, 3], 1.0, 1e-12), "must be below 2^30"),
    (lambda: _one_to_one("RELU6", [2, 3], 1e-12, 1e-12), "6 at scale 1e-12 is beyond int32"),
    (lambda: _one_to_one("QUANTIZE", [2, 3], 1.0, 1e-12), "must be below 2^30"),
    (lambda: _one_to_one("RESHAPE", [2, 4], 0.1, 0.1), "int8[2, 3] and int8[2, 4]"),
    (lambda: _one_to_one("COS", [2, 3], 0.1, 0.1), "COS 't1': this operator is not supported"),
)  # fmt: skip


@pytest.mark.parametrize(("build", "text"), BROKEN, ids=[text for _, text in BROKEN])
def test_a_broken_rule_is_named(build: Callable[[], Built], text: str) -> None:
    b, inputs, outputs = build()
    assert text in "\n".join(_reasons(graph_of(b, inputs, outputs)))


def test_a_reason_names_operator_and_layer() -> None:
    b, inputs, outputs = _conv(filter_dtype="INT16")
    (reason,) = _reasons(graph_of(b, inputs, outputs))
    assert reason == ("op 0 CONV_2D 'layer/Relu': Weights must be int8: 'w' is int16")


def test_rules_that_do_not_depend_on_each_other_are_all_named() -> None:
    b, inputs, outputs = _conv(padding="VALID", fusedActivationFunction="TANH", out_scale=1e-12)
    assert len(_reasons(graph_of(b, inputs, outputs))) == 3


def test_every_operator_is_named_at_once() -> None:
    b = Builder()
    x, y, z = int8(b, [4]), int8(b, [4]), int8(b, [4])
    b.op("COS", [x], [y])
    b.op("CUSTOM", [y], [z], custom_code="Magic")
    reasons = _reasons(graph_of(b, [x], [z]))
    assert [r.split(":")[0] for r in reasons] == ["op 0 COS 't1'", "op 1 CUSTOM (Magic) 't2'"]


def test_a_float_model_is_named_at_its_borders_and_operators() -> None:
    b = Builder()
    x, y = b.tensor([4], "FLOAT32", name="x"), b.tensor([4], "FLOAT32", name="y")
    b.op("RELU", [x], [y])
    assert _reasons(graph_of(b, [x], [y])) == (
        "input 'x' is float32, must be int8, int16 or float32 read by QUANTIZE or CAST",
        "output 'y' is float32, must be int8, int16 or float32 written by DEQUANTIZE or CAST",
        "op 0 RELU 'y': Inputs and outputs must be int8, or all int16 with zero point 0:"
        " 'x' is float32, 'y' is float32",
    )


def test_a_model_that_computes_nothing() -> None:
    b = Builder()
    x, y = int8(b, [4]), int8(b, [2, 2])
    b.op("RESHAPE", [x], [y], options("Reshape"))
    assert "no operator is left" in _reasons(graph_of(b, [x], [y]))[0]


def test_state_is_refused() -> None:
    b = Builder()
    x, state, y = int8(b, [4]), int8(b, [4], name="state"), int8(b, [4])
    b.graph.tensors[state].isVariable = True
    b.op("ADD", [x, state], [y], options("Add"))
    (reason,) = _reasons(graph_of(b, [x], [y]))
    assert reason.endswith("state that is kept between invocations is not supported: 'state'")


def test_litert_is_undefined_beyond_int32() -> None:
    b, inputs, outputs = _dense(out_scale=1e-9, bias_scale=None)
    graph = graph_of(b, inputs, outputs)
    check_legality(run_passes(graph), CodegenOptions(exact_to="tflm"))
    assert "rescaled sums must fit int32" in _reasons(graph, "litert")[0]


def test_every_rule_can_be_read() -> None:
    for kind, spec in OPS.items():
        for constraint in (*spec.structure, *spec.constraints):
            rule = rule_of(constraint)
            assert rule, kind
            assert rule[0].isupper(), rule
            assert not rule.endswith("."), rule


def test_options_are_checked() -> None:
    with pytest.raises(ConfigError, match="exact_to is 'tpu', must be one of tflm, litert"):
        CodegenOptions(exact_to="tpu")  # type: ignore[arg-type]
