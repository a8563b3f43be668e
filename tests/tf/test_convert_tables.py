"""Functions of one element that int8 has no operator for: tables, exact on both runtimes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.verdict import require_aot
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

pytestmark = pytest.mark.tf

X = np.random.default_rng(0).normal(0, 1.5, (200, 12)).astype(np.float32)
Function = Callable[[Any, Any], Any]


def _named(name: str) -> Function:
    return lambda keras, x: keras.layers.Activation(name)(x)


FUNCTIONS: dict[str, Function] = {
    **{
        name: _named(name)
        for name in (
            "elu", "selu", "celu", "gelu", "mish", "softplus", "softsign", "exponential",
            "log_sigmoid", "squareplus", "hard_shrink", "soft_shrink", "sparse_sigmoid",
        )
    },
    "square root": lambda keras, x: keras.ops.sqrt(keras.ops.relu(x)),
    "a reciprocal": lambda keras, x: 1.0 / (x * x + 0.5),
    "a power": lambda keras, x: keras.ops.power(keras.ops.relu(x), 1.7),
    "a logarithm where it is defined": lambda keras, x: keras.ops.log(keras.ops.abs(x) + 0.1),
    "a step": lambda keras, x: keras.ops.where(x > 0.2, 1.0, -1.0) * 0.7,
    "two of one": lambda keras, x: keras.ops.sin(x) * keras.ops.cos(x),
}  # fmt: skip


def _model(function: Function) -> Any:
    keras = _tf.keras()
    inputs = keras.Input((12,), name="x")
    return keras.Model(inputs, function(keras, inputs), name="model")


def _kinds(tflite: bytes) -> list[str]:
    return [op.kind for op in read_model(tflite).main.ops]


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_result_is_the_nearest_integer(function: Function, exact_to: ExactTo) -> None:
    model = _model(function)
    converted = convert_model(model, X, options=ConvertOptions(exact_to=exact_to))
    (taken,), (given,) = converted.inputs, converted.outputs
    stored = np.arange(-128, 128, dtype=np.int8)
    rows = np.resize(stored, (22, 12))
    with closing(Oracle(converted.tflite, exact_to)) as oracle:
        said = np.concatenate([oracle.run(row[np.newaxis])[0][0] for row in rows])
    assert taken.scale is not None
    assert given.scale is not None
    real = (rows.reshape(-1).astype(np.float64) - taken.zero_point) * taken.scale
    wanted = np.asarray(model(real.astype(np.float32).reshape(-1, 12))).reshape(-1)
    wanted = np.clip(wanted / given.scale + given.zero_point, -128, 127)
    assert np.abs(said - wanted).max() <= (0.51 if "GATHER" in _kinds(converted.tflite) else 1.01)
    require_aot(read_model(converted.tflite), CodegenOptions(exact_to=exact_to))


def test_the_engine_reads_the_value_itself() -> None:
    converted = convert_model(_model(FUNCTIONS["mish"]), X)
    assert _kinds(converted.tflite) == ["CAST", "ADD", "GATHER"]
    (op,) = require_aot(read_model(converted.tflite), CodegenOptions()).ops
    assert op.kind == "GATHER"


def test_what_a_runtime_has_stays_its_operator() -> None:
    gelu = _model(FUNCTIONS["gelu"])
    assert _kinds(convert_model(gelu, X).tflite) == ["CAST", "ADD", "GATHER"]
    litert = convert_model(gelu, X, options=ConvertOptions(exact_to="litert"))
    assert _kinds(litert.tflite) == ["GELU"]
    tanh = convert_model(_model(_named("tanh")), X)
    assert _kinds(tanh.tflite) == ["TANH"]


def test_a_value_beside_the_function_of_it_is_kept() -> None:
    model = _model(lambda keras, x: [keras.ops.elu(x), keras.layers.Dense(2, activation="mish")(x)])
    converted = convert_model(model, X)
    assert _kinds(converted.tflite).count("GATHER") == 2
    assert min(one.snr_db for one in converted.agreement) > 25


@pytest.mark.parametrize("name", ["RMSNormalization", "UnitNormalization", "GroupNormalization"])
def test_normalisations_are_integers(name: str) -> None:
    keras = _tf.keras()
    inputs = keras.Input((6, 6, 4), name="x")
    options = {"groups": 2} if name == "GroupNormalization" else {}
    x = getattr(keras.layers, name)(**options)(keras.layers.Conv2D(4, 3)(inputs))
    model = keras.Model(inputs, x, name="model")
    samples = np.random.default_rng(1).normal(0, 1, (100, 6, 6, 4)).astype(np.float32)
    converted = convert_model(model, samples)
    assert converted.agreement[0].snr_db > 20
    require_aot(read_model(converted.tflite), CodegenOptions())


def test_calibrators_choose_ranges_beside_tables() -> None:
    options = ConvertOptions(calibrator="mse")
    converted = convert_model(_model(FUNCTIONS["mish"]), X, options=options)
    assert "GATHER" in _kinds(converted.tflite)
    assert converted.agreement[0].snr_db > 25
