"""Rewrites of the frozen graph: the same values, and nothing that the quantiser trips over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.frozen import freeze, predict
from tinycompress.conversion.load import wrap_model
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

X = np.random.default_rng(0).normal(0, 1, (120, 8, 6)).astype(np.float32)


def _model(function: Callable[[Any], Any]) -> Any:
    keras = _tf.keras()
    inputs = keras.Input((8, 6), name="x")
    return keras.Model(inputs, function(inputs), name="model")


def _kinds(model: Any, x: np.ndarray = X, **options: Any) -> list[str]:
    converted = convert_model(model, x, options=ConvertOptions(**options))
    return [op.kind for op in read_model(converted.tflite).main.ops]


def _assert_same_values(model: Any, *, tolerance: float = 1e-5) -> None:
    frozen = freeze(wrap_model(model), ((8, 6),))
    expected = model(X[:4], training=False)
    outputs = expected if isinstance(expected, list | tuple) else [expected]
    for got, wanted in zip(predict(frozen, (X[:4],)), outputs, strict=True):
        np.testing.assert_allclose(got, np.asarray(wanted, np.float32), atol=tolerance)


def test_a_stacked_unrolled_lstm_gives_the_same_integers_each_time() -> None:
    layers = _tf.keras().layers
    model = _model(
        lambda x: layers.Dense(3)(
            layers.LSTM(5, unroll=True)(layers.LSTM(5, unroll=True, return_sequences=True)(x))
        )
    )
    _assert_same_values(model)
    assert len({convert_model(model, X).tflite for _ in range(8)}) == 1


@pytest.mark.parametrize(
    "split",
    [
        lambda ops, x: ops.split(x, 2, axis=1),
        lambda ops, x: ops.split(x, 3, axis=-1),
        lambda ops, x: ops.split(x, (1, 4), axis=2),
        lambda ops, x: ops.unstack(x, axis=-2),
    ],
    ids=["two", "last_axis", "uneven", "unstack"],
)
def test_parts_of_a_split_are_slices(split: Callable[..., Any]) -> None:
    model = _model(lambda x: list(split(_tf.keras().ops, _tf.keras().layers.ReLU()(x))))
    _assert_same_values(model)
    kinds = _kinds(model)
    assert "STRIDED_SLICE" in kinds or "SLICE" in kinds
    assert not {"SPLIT", "SPLIT_V", "UNPACK"} & set(kinds)


def test_a_negation_is_a_product() -> None:
    model = _model(lambda x: -_tf.keras().layers.ReLU()(x))
    _assert_same_values(model)
    assert "MUL" in _kinds(model)


@pytest.mark.parametrize("approximate", [False, True])
def test_the_negation_in_gelu_is_left_to_the_converter(approximate: bool) -> None:
    keras = _tf.keras()
    model = _model(lambda x: keras.ops.gelu(keras.layers.Conv1D(4, 3)(x), approximate))
    _assert_same_values(model)
    assert _kinds(model, exact_to="litert").count("GELU") == 1


def test_layer_normalisation_and_attention_become_integers() -> None:
    layers = _tf.keras().layers

    def block(x: Any) -> Any:
        x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
        return layers.Dense(2)(layers.Flatten()(layers.LayerNormalization()(x)))

    model = _model(block)
    _assert_same_values(model)
    assert "MUL" in _kinds(model)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_precisions_are_float32_here(policy: str) -> None:
    keras = _tf.keras()
    layers = keras.layers
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        model = _model(
            lambda x: layers.Dense(2, activation="softmax")(
                layers.Flatten()(layers.BatchNormalization()(layers.Conv1D(4, 3)(x)))
            )
        )
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    _assert_same_values(model, tolerance=2e-2)
    assert {"CONV_2D", "FULLY_CONNECTED", "SOFTMAX"} <= set(_kinds(model))
