"""Layers and operations that Keras 3 alone has, in a recipe: to the int8 file and its promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe

import tinycompress
from tinycompress import _tf
from tinycompress.compression.checks.stored_kernels import match_kernels
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.channels import couple_channels
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.conversion import convert_model
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

Body = Callable[[Any, Any], Any]
PRUNE = {"kind": "prune", "sparsity": 0.3, "fine_tune": {"epochs": 1, "learning_rate": 1e-4}}
CLUSTER = {"kind": "cluster", "clusters": 32, "fine_tune": {"epochs": 1, "learning_rate": 1e-4}}
SEQUENCE, IMAGE = (8, 6), (8, 8, 3)


def layer(name: str, *args: Any, **options: Any) -> Body:
    return lambda keras, x: getattr(keras.layers, name)(*args, **options)(x)


def activation(name: str) -> Body:
    return lambda keras, x: keras.layers.Activation(name)(x)


SEQUENCES: dict[str, Body] = {
    "EinsumDense": layer("EinsumDense", "abc,cd->abd", output_shape=(8, 5), bias_axes="d"),
    "Conv1DTranspose": layer("Conv1DTranspose", 3, 3, strides=2),
    "AdaptiveAveragePooling1D": layer("AdaptiveAveragePooling1D", 3),
    "AdaptiveMaxPooling1D": layer("AdaptiveMaxPooling1D", 3),
    "RMSNormalization": layer("RMSNormalization"),
    "log_sigmoid": activation("log_sigmoid"),
    "sparse_plus": activation("sparse_plus"),
    "sparse_sigmoid": activation("sparse_sigmoid"),
    "glu": lambda keras, x: keras.ops.glu(x),
    "threshold": lambda keras, x: keras.ops.threshold(x, 0.5, 0.0),
    "x[:, 1:5]": lambda keras, x: x[:, 1:5],
    "x[:, -1]": lambda keras, x: x[:, -1],
    "split": lambda keras, x: keras.ops.split(x, 2, axis=-1)[1],
    "2 * x - 1": lambda keras, x: 2 * x - 1,
    "x / [...]": lambda keras, x: x / np.array([1, 2, 4, 5], np.float32),
    "-x": lambda keras, x: -x,
    "1 - x": lambda keras, x: 1 - x,
    "TimeDistributed": lambda keras, x: keras.layers.TimeDistributed(keras.layers.Dense(4))(x),
    "Bidirectional LSTM": lambda keras, x: keras.layers.Bidirectional(keras.layers.LSTM(4))(x),
    "Bidirectional GRU": lambda keras, x: keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True), merge_mode="sum"
    )(x),
    "causal attention": lambda keras, x: keras.layers.MultiHeadAttention(2, 3)(
        x, x, use_causal_mask=True
    ),
    "AdditiveAttention": lambda keras, x: keras.layers.AdditiveAttention()([x, x]),
}
IMAGES: dict[str, Body] = {
    "AdaptiveAveragePooling2D": layer("AdaptiveAveragePooling2D", 4),
    "AdaptiveMaxPooling2D": layer("AdaptiveMaxPooling2D", 4),
    "RMSNormalization": layer("RMSNormalization"),
    "SpectralNormalization": lambda keras, x: keras.layers.SpectralNormalization(
        keras.layers.Conv2D(4, 3)
    )(x),
}


def network(shape: tuple[int, ...], body: Body) -> Any:
    """A convolution, what is tried, and a head; every weight by the seed."""
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv1D if len(shape) == 2 else keras.layers.Conv2D
    x = source = keras.Input(shape)
    x = body(keras, conv(4, 3, padding="same", name="stem")(x))
    if len(x.shape) > 2:
        x = keras.layers.Flatten()(x)
    return keras.Model(source, keras.layers.Dense(3, name="head")(x))


CASES = [
    *((name, SEQUENCE, body) for name, body in SEQUENCES.items()),
    *((f"{name}, images", IMAGE, body) for name, body in IMAGES.items()),
]


@pytest.mark.parametrize(
    ("shape", "body"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_goes_through_a_recipe_and_the_file_keeps_the_promises(
    shape: tuple[int, ...], body: Body
) -> None:
    model = network(shape, body)
    x = np.random.default_rng(0).normal(0, 1, (160, *shape)).astype(np.float32)
    y = np.asarray(model(x))
    result = tinycompress.compress(model, recipe(PRUNE, CLUSTER), (x, y), val=(x, y))
    assert result.rows[0].int8_accuracy > 0.9
    again = read_network(result.model)
    matched = match_kernels(read_model(result.tflite).main, fold_batch_norms(again))
    stored = {one.layer.name: one.integers for one in matched}
    assert {"stem", "head"} <= set(stored)
    for name, integers in stored.items():
        assert np.mean(integers == 0) >= 0.29, name


WORDS = 9


@pytest.mark.filterwarnings("ignore:.*destroy the mask")
@pytest.mark.parametrize(
    "body",
    [
        lambda keras, x: keras.layers.GlobalAveragePooling1D()(x),
        lambda keras, x: keras.layers.GRU(4)(x),
        lambda keras, x: keras.layers.Flatten()(x),
        lambda keras, x: keras.layers.GlobalMaxPooling1D()(
            keras.layers.Conv1D(4, 3, name="conv")(x)
        ),
        lambda keras, x: x[:, 0],
        lambda keras, x: keras.layers.GlobalAveragePooling1D()(
            keras.layers.MultiHeadAttention(2, 3)(x, x)
        ),
        lambda keras, x: keras.layers.GlobalAveragePooling1D()(
            keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True))(x)
        ),
    ],
    ids=["mean", "GRU", "Flatten", "Conv1D", "first", "MultiHeadAttention", "Bidirectional"],
)  # fmt: skip
def test_words_with_a_mask_are_rebuilt(body: Body, tmp_path: Path) -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    source = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(WORDS, 4, mask_zero=True, name="words")(source)
    model = keras.Model(source, keras.layers.Dense(2, name="head")(body(keras, x)))
    model.save(tmp_path / "words.keras")
    network = read_network(keras.models.load_model(tmp_path / "words.keras"))
    assert [one.kind for one in network.layers.values()] == [
        one.kind for one in read_network(model).layers.values()
    ]
    for other in ("keras", "tf_keras"):
        build_checked(network, other, model, what="reading")
        build_checked(lower(network), other, model, what="lowering")
    assert not {"NotEqual", "Any"} & {one.kind for one in network.layers.values()}


def masked_words() -> tuple[Any, Any]:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers
    source = keras.Input((6,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(WORDS, 8, mask_zero=True)(source))
    model = keras.Model(source, layers.Dense(3, name="head")(layers.Dense(8, name="body")(x)))
    words = np.random.default_rng(0).integers(0, WORDS, (200, 6)).astype(np.int32)
    words[:, 0] = 1
    return model, words


def test_a_mean_of_words_with_a_mask_is_refused_as_by_convert() -> None:
    model, words = masked_words()
    y = np.asarray(model(words))
    for refused in (
        lambda: tinycompress.compress(model, recipe(PRUNE), (words, y), val=(words, y)),
        lambda: convert_model(model, words),
    ):
        with pytest.raises(ModelError) as caught:
            refused()
        assert "global_average_pooling1d" in caught.value.reasons[0]
        assert "mask_zero=False" in (caught.value.hint or "")


def test_a_mask_that_nothing_reads_goes_through_a_recipe() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    source = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(WORDS, 4, mask_zero=True)(source)
    x = keras.layers.Dense(8, activation="relu", name="body")(x)[:, 0]
    model = keras.Model(source, keras.layers.Dense(3, name="head")(x))
    words = np.random.default_rng(0).integers(0, WORDS, (200, 6)).astype(np.int32)
    y = np.asarray(model(words))
    result = tinycompress.compress(model, recipe(PRUNE), (words, y), val=(words, y))
    assert result.rows[0].int8_accuracy > 0.9
    matched = match_kernels(read_model(result.tflite).main, read_network(result.model))
    assert {one.layer.name for one in matched} == {"body", "head"}
    assert all(np.mean(one.integers == 0) >= 0.29 for one in matched)


def test_a_transposed_convolution_of_a_series_is_trained_for_int8() -> None:
    model = network(SEQUENCE, layer("Conv1DTranspose", 3, 3, strides=2))
    x = np.random.default_rng(0).normal(0, 1, (160, *SEQUENCE)).astype(np.float32)
    y = np.asarray(model(x))
    qat = {"kind": "qat", "fine_tune": {"epochs": 1, "learning_rate": 1e-4}}
    result = tinycompress.compress(model, recipe(PRUNE, qat), (x, y), val=(x, y))
    matched = match_kernels(read_model(result.tflite).main, read_network(result.model))
    assert {one.layer.kind for one in matched} == {"Conv2D", "Conv2DTranspose", "Dense"}
    assert all(np.mean(one.integers == 0) >= 0.29 for one in matched)


EQUATIONS = [
    ("abc,cd->abd", (None, 5), "d"),
    ("...x,xy->...y", (8, 5), "y"),
    ("abc,bcd->ad", 5, None),
    ("abc,cde->abde", (8, 2, 3), "e"),
    ("abc,dc->abd", (8, 5), "d"),
    ("abc,bd->adc", (5, 6), None),
    ("abc,bde->aced", (6, 3, 2), None),
]


@pytest.mark.parametrize(("equation", "output_shape", "bias_axes"), EQUATIONS)
def test_an_einsum_becomes_a_dense_layer(
    equation: str, output_shape: Any, bias_axes: str | None
) -> None:
    keras = _tf.keras()
    source = keras.Input(SEQUENCE)
    dense = keras.layers.EinsumDense(
        equation, output_shape=output_shape, bias_axes=bias_axes, activation="tanh", name="sums"
    )
    model = keras.Model(source, dense(source))
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.5, weight.shape))
    network = lower(read_network(model))
    assert network.layers["sums"].kind == "Dense"
    for other in ("keras", "tf_keras"):
        build_checked(network, other, model, what="lowering")


@pytest.mark.parametrize(
    ("equation", "output_shape", "bias_axes"),
    [("abc,bcd->abd", (8, 5), "d"), ("abc,cd->abd", (8, 5), "bd")],
)
def test_an_einsum_that_is_no_dense_layer_is_refused(
    equation: str, output_shape: Any, bias_axes: str
) -> None:
    keras = _tf.keras()
    source = keras.Input(SEQUENCE)
    dense = keras.layers.EinsumDense(
        equation, output_shape=output_shape, bias_axes=bias_axes, name="sums"
    )
    with pytest.raises(ModelError) as caught:
        lower(read_network(keras.Model(source, dense(source))))
    assert "layer 'sums' (EinsumDense)" in caught.value.reasons[0]
    assert "use Dense" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("body", "free"),
    [
        (lambda keras, x: x[:, 1:5], True),
        (lambda keras, x: x[:, -1], True),
        (lambda keras, x: x[..., 1:3], False),
        (lambda keras, x: x[:, 0, 1:3], False),
        (lambda keras, x: keras.ops.flip(x, axis=-1), False),
        (lambda keras, x: keras.ops.threshold(x, 0.5, 0.0), True),
        (layer("AdaptiveMaxPooling1D", 3), True),
        (layer("Conv1DTranspose", 3, 3), True),
        (layer("RMSNormalization"), False),
    ],
    ids=["steps", "last step", "channels", "channels of a step", "flip", "threshold", "pooling",
         "Conv1DTranspose", "RMSNormalization"],
)  # fmt: skip
def test_channels_are_followed_through_what_keeps_them(body: Body, free: bool) -> None:
    read = read_network(network(SEQUENCE, body))
    families = couple_channels(read).families()
    assert any("stem" in names for names, _ in families) == free


@pytest.mark.parametrize(
    ("body", "problem", "hint"),
    [
        (lambda keras, x: keras.layers.RNN(keras.layers.GRUCell(3))(x), "class RNN", "LSTM, GRU"),
        (
            lambda keras, x: keras.layers.Lambda(lambda values: values + 1)(x),
            "(Lambda): class Lambda", "replace these layers",
        ),
        (
            lambda keras, x: keras.ops.argmax(x, axis=-1),
            "the model ends with it, and it gives int32", "take them out of the model",
        ),
        (
            lambda keras, x: keras.layers.LSTM(3, return_state=True)(x)[0],
            "return_state", "replace these layers",
        ),
    ],
    ids=["RNN", "Lambda", "argmax", "return_state"],
)  # fmt: skip
def test_what_cannot_be_rebuilt_is_named(body: Body, problem: str, hint: str) -> None:
    keras = _tf.keras()
    source = keras.Input(SEQUENCE)
    with pytest.raises(ModelError) as caught:
        read_network(keras.Model(source, body(keras, source)))
    assert any(problem in reason for reason in caught.value.reasons)
    assert hint in (caught.value.hint or "")


def test_a_mask_that_is_given_is_refused() -> None:
    keras = _tf.keras()
    source, mask = keras.Input(SEQUENCE), keras.Input((8, 8), dtype="bool")
    attention = keras.layers.MultiHeadAttention(2, 3, name="attention")
    model = keras.Model([source, mask], attention(source, source, attention_mask=mask))
    with pytest.raises(ModelError) as caught:
        read_network(model)
    assert "attention_mask" in caught.value.reasons[0]
