"""Rewrites of the frozen graph: the same values, and nothing that the quantiser trips over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.verdict import aot_takes
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.frozen import freeze, predict
from tinycompress.conversion.load import wrap_model
from tinycompress.ir.reader import read_model
from tinycompress.oracle import refusal

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


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_the_negations_in_prelu_are_left_to_the_converter(name: str) -> None:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    inputs = keras.Input((8, 6), name="x")
    x = keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.3))(
        keras.layers.Conv1D(4, 3)(inputs)
    )
    model = keras.Model(inputs, x, name="model")
    _assert_same_values(model)
    assert "PRELU" in _kinds(model)
    assert not {"MUL", "NEG"} & set(_kinds(model))


def test_layer_normalisation_and_attention_become_integers() -> None:
    layers = _tf.keras().layers

    def block(x: Any) -> Any:
        x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
        return layers.Dense(2)(layers.Flatten()(layers.LayerNormalization()(x)))

    model = _model(block)
    _assert_same_values(model)
    assert "MUL" in _kinds(model)


def test_scores_that_a_mask_hides_share_a_range_with_the_others() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = _model(lambda x: layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))
    _assert_same_values(model)
    graph = read_model(convert_model(model, X).tflite).main
    scales = [
        graph.tensors[op.inputs[0]].quantization.scales[0]
        for op in graph.ops
        if op.kind == "SOFTMAX"
    ]
    assert len(scales) >= 1
    assert max(scales) < 0.5


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


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_upsampling_runs_on_both_runtimes(name: str) -> None:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    inputs = keras.Input((8, 6), name="x")
    x = keras.layers.UpSampling1D(3)(inputs)
    x = keras.layers.UpSampling2D((2, 1))(keras.layers.Reshape((-1, 3, 2))(x))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(x), name="model")
    _assert_same_values(model)
    assert "TILE" not in _kinds(model)
    for exact_to in ("tflm", "litert"):
        options = ConvertOptions(exact_to=exact_to)
        converted = convert_model(model, X, options=options)
        assert refusal(converted.tflite, options.exact_to) is None
        assert aot_takes(read_model(converted.tflite), CodegenOptions(exact_to=options.exact_to))


def test_copies_along_several_axes() -> None:
    model = _model(lambda x: _tf.keras().ops.tile(_tf.keras().layers.ReLU()(x), (1, 2, 3)))
    _assert_same_values(model)
    assert _kinds(model).count("CONCATENATION") == 2


@pytest.mark.parametrize("copies", [11, 100, 1000])
def test_many_copies_are_few_concatenations(copies: int) -> None:
    layers = _tf.keras().layers
    model = _model(lambda x: layers.RepeatVector(copies)(layers.Dense(3)(layers.Flatten()(x))))
    _assert_same_values(model)
    kinds = _kinds(model)
    assert "TILE" not in kinds
    assert kinds.count("CONCATENATION") == (2 if copies <= 100 else 3)


@pytest.mark.parametrize("which", ["argmax", "argmin"])
def test_the_largest_value_is_found_without_bits(which: str) -> None:
    keras = _tf.keras()
    model = _model(lambda x: getattr(keras.ops, which)(keras.layers.Conv1D(4, 3)(x), -1))
    _assert_same_values(model)
    assert "ARG_M" in " ".join(_kinds(model))


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_an_embedding_takes_its_indices_as_they_are(name: str) -> None:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    keras.utils.set_random_seed(1)
    inputs = keras.Input((12,), dtype="int32", name="words")
    x = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(50, 8)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x), name="model")
    words = np.random.default_rng(1).integers(0, 50, (120, 12))
    wanted: Any = np.asarray(model(words[:4].astype(np.int32)))
    frozen = freeze(wrap_model(model), ((12,),))
    np.testing.assert_allclose(
        predict(frozen, (words[:4].astype(np.float32),))[0], wanted, atol=1e-6
    )
    classes = np.asarray(model(words.astype(np.int32))).argmax(axis=1)
    converted = convert_model(model, {"x": words, "y": classes})
    assert converted.inputs[0].dtype == "int32"
    assert "GATHER" in {op.kind for op in read_model(converted.tflite).main.ops}
    assert converted.float_accuracy == 1.0
    assert (converted.quantized_accuracy or 0) > 0.7
    assert aot_takes(read_model(converted.tflite), CodegenOptions())


def _old(function: Callable[[Any], Any]) -> Any:
    keras = _tf.tf_keras()
    inputs = keras.Input((8, 6), name="x")
    return keras.Model(inputs, function(inputs), name="model")


@pytest.mark.parametrize("copies", [2, 3, 12])
def test_steps_that_tf_keras_repeats_are_joined_copies(copies: int) -> None:
    layers = _tf.tf_keras().layers
    model = _old(lambda x: layers.Conv1D(3, 3)(layers.UpSampling1D(copies)(x)))
    _assert_same_values(model)
    kinds = _kinds(model)
    assert "STRIDED_SLICE" not in kinds
    assert kinds.count("CONCATENATION") == (1 if copies <= 10 else 3)
    assert refusal(convert_model(model, X).tflite, "tflm") is None


@pytest.mark.parametrize("count", [10, 11, 25, 111])
def test_many_tensors_are_joined_ten_at_a_time(count: int) -> None:
    layers = _tf.keras().layers
    model = _model(
        lambda x: layers.Concatenate(axis=1)([x[:, i % 8 : i % 8 + 1] for i in range(count)])
    )
    _assert_same_values(model)
    tflite = convert_model(model, X).tflite
    joins = [op for op in read_model(tflite).main.ops if op.kind == "CONCATENATION"]
    assert all(len(op.inputs) <= 10 for op in joins)
    assert refusal(tflite, "tflm") is None
