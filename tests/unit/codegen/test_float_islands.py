"""Float among integers: computed on the integers where that is exact, else in float, else named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import int8
from support.host_model import HostModel
from support.models.tflite_files import Builder

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.passes.islands import integer_islands
from tinycompress.codegen.tolerance import FLOAT_ULPS, INTEGER_STEPS, allowed_ulps, float_operators
from tinycompress.codegen.verdict import require_aot
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle


def _island(
    kind: str = "REDUCE_MAX",
    *,
    scale: float = 0.1,
    out_scale: float = 0.1,
    out_zero: int = 5,
    used_twice: bool = False,
) -> bytes:
    """RELU on int8, DEQUANTIZE, an operator over height and width, QUANTIZE."""
    b = Builder()
    x, y = int8(b, [1, 3, 4, 2], scale, 5), int8(b, [1, 3, 4, 2], scale, 5)
    real, found = b.tensor([1, 3, 4, 2], "FLOAT32"), b.tensor([1, 2], "FLOAT32", name="island")
    out = int8(b, [1, 2], out_scale, out_zero)
    axes = b.tensor([2], "INT32", data=np.array([1, 2], "<i4"))
    b.op("RELU", [x], [y])
    b.op("DEQUANTIZE", [y], [real])
    b.op(kind, [real, axes], [found], options("Reducer", keepDims=False))
    b.op("QUANTIZE", [found], [out])
    return b.pack([x], [out, found] if used_twice else [out])


def _kinds(tflite: bytes) -> list[str]:
    return [op.kind for op in run_passes(read_model(tflite).main).ops]


def _agrees(tflite: bytes, exact_to: Any = "litert") -> bool:
    """Whether device code gives the oracle's bytes on random inputs."""
    model = HostModel(generate(read_model(tflite), CodegenOptions(exact_to=exact_to)))
    oracle = Oracle(tflite, exact_to)
    rng, spec = np.random.default_rng(1), read_model(tflite).main
    shape = spec.tensors[spec.inputs[0]].shape
    for _ in range(8):
        sample = rng.integers(-128, 128, shape).astype(np.int8)
        pairs = zip(oracle.run(sample), model.run(sample), strict=True)
        if not all(np.array_equal(want.reshape(-1), have.reshape(-1)) for want, have in pairs):
            return False
    return True


@pytest.mark.parametrize("kind", ["REDUCE_MAX", "REDUCE_MIN"])
def test_a_choice_between_equal_scales_is_made_on_integers(kind: str) -> None:
    tflite = _island(kind)
    assert _kinds(tflite) == ["RELU", kind]
    assert allowed_ulps(read_model(tflite), "litert") == (0,)
    assert _agrees(tflite)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"out_scale": 0.2}, id="another scale"),
        pytest.param({"out_zero": 4}, id="another zero point"),
        pytest.param({"used_twice": True}, id="the float is an output, too"),
        pytest.param({"kind": "MEAN"}, id="an operator that computes"),
    ],
)
def test_other_islands_run_in_float(changes: dict[str, Any]) -> None:
    tflite = _island(**changes)
    kind = changes.get("kind", "REDUCE_MAX")
    assert _kinds(tflite) == ["RELU", "DEQUANTIZE", kind, "QUANTIZE"]
    assert [op.kind for op in float_operators(read_model(tflite), "litert")] == [kind]
    assert allowed_ulps(read_model(tflite), "litert")[0] == INTEGER_STEPS
    assert _agrees(tflite)


def test_a_series_of_choices_is_made_on_integers() -> None:
    """RESHAPE and a pool between DEQUANTIZE and ARG_MAX, which needs no QUANTIZE."""
    b = Builder()
    x, y = int8(b, [1, 4, 4, 3], 0.3, -7), int8(b, [1, 4, 4, 3], 0.3, -7)
    real, pooled = b.tensor([1, 4, 4, 3], "FLOAT32"), b.tensor([1, 2, 2, 3], "FLOAT32")
    flat, best = b.tensor([1, 12], "FLOAT32"), b.tensor([1], "INT32")
    b.op("RELU", [x], [y])
    b.op("DEQUANTIZE", [y], [real])
    pool = options("Pool2D", padding="VALID", strideH=2, strideW=2, filterHeight=2, filterWidth=2)
    b.op("MAX_POOL_2D", [real], [pooled], pool)
    b.op("RESHAPE", [pooled], [flat], options("Reshape", newShape=[1, 12]))
    axis = b.tensor([1], "INT32", data=np.array([1], "<i4"))
    b.op("ARG_MAX", [flat, axis], [best], options("ArgMax", outputType=2))
    tflite = b.pack([x], [best])
    graph = run_passes(read_model(tflite).main)
    assert [op.kind for op in graph.ops] == ["RELU", "MAX_POOL_2D", "RESHAPE", "ARG_MAX"]
    assert all(graph.tensors[op.inputs[0]].dtype is DType.INT8 for op in graph.ops)
    assert _agrees(tflite)


def test_real_values_that_coincide_stay_float() -> None:
    """A scale so large that stored values beyond 1 are infinite."""
    graph = read_model(_island(scale=3e38, out_scale=3e38)).main
    assert integer_islands(graph) is graph


def _tail(kind: str = "LOG_SOFTMAX") -> bytes:
    b = Builder()
    x, y = int8(b, [1, 6], 0.2, 3), int8(b, [1, 6], 0.2, 3)
    real, out = b.tensor([1, 6], "FLOAT32"), b.tensor([1, 6], "FLOAT32", name="tail")
    b.op("RELU", [x], [y])
    b.op("DEQUANTIZE", [y], [real])
    b.op(kind, [real], [out], options("LogSoftmax") if kind == "LOG_SOFTMAX" else None)
    return b.pack([x], [out])


def test_a_float_tail_runs_in_float() -> None:
    tflite = _tail()
    sources = generate(read_model(tflite), CodegenOptions())
    assert [layer.kernel for layer in sources.layers][-1] == "log_softmax_f32_ref"
    assert allowed_ulps(read_model(tflite), "litert") == (FLOAT_ULPS,)


def test_what_no_kernel_takes_is_named() -> None:
    with pytest.raises(ModelError) as caught:
        require_aot(read_model(_tail("ELU")), CodegenOptions())
    assert caught.value.reasons == ("op 2 ELU 'tail': this operator is not supported on float32",)
    assert "convert the Keras model" in (caught.value.hint or "")


def test_a_model_of_floats_alone_is_built_only_when_asked_for() -> None:
    b = Builder()
    x, y = b.tensor([1, 4], "FLOAT32", name="x"), b.tensor([1, 4], "FLOAT32", name="y")
    b.op("RELU", [x], [y])
    model = read_model(b.pack([x], [y]))
    with pytest.raises(ModelError, match="cannot be built") as caught:
        require_aot(model, CodegenOptions())
    assert "--precision float32" in (caught.value.hint or "")
    require_aot(model, CodegenOptions(floats=True))


def test_weights_that_are_no_numbers_are_refused() -> None:
    b = Builder()
    x, y = b.tensor([1, 1], "FLOAT32"), b.tensor([1, 2], "FLOAT32", name="y")
    data = np.array([[1.0], [np.inf]], "<f4")
    w = b.tensor([2, 1], "FLOAT32", data=data, name="w")
    b.op("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected"))
    with pytest.raises(ModelError) as caught:
        require_aot(read_model(b.pack([x], [y])), CodegenOptions(floats=True))
    assert "Constants must be finite: 'w' holds an infinity or a NaN" in caught.value.reasons[0]
