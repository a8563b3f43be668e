"""Attention, recurrent layers and embeddings in a recipe: read, rebuilt and compressed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe

import tinycompress
from tinycompress import _tf
from tinycompress.compression.checks.stored_kernels import match_kernels
from tinycompress.compression.data.prepare import read_samples
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import kernel_layers, macs
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.conversion import convert_model
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

PRUNE = {"kind": "prune", "sparsity": 0.5, "fine_tune": {"epochs": 1}}


def attending(keras: Any, heads: int = 2, **options: Any) -> Any:
    layers = keras.layers
    x = source = keras.Input((6, 5), name="steps")
    memory = layers.Dense(7, name="memory")(x)
    attention = layers.MultiHeadAttention(heads, 3, name="attention", **options)
    y = attention(x, memory, key=memory) if heads == 2 else attention(x, x)
    x = layers.LayerNormalization()(layers.Add()([y, layers.Dense(y.shape[-1])(x)]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(source, layers.Dense(2, name="out")(x))


def recurrent(keras: Any, kind: str, **options: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((4, 3)),
            getattr(layers, kind)(5, return_sequences=True, name="first", **options),
            getattr(layers, kind)(4, go_backwards=True, name="second", **options),
            layers.RepeatVector(3),
            layers.Dense(2),
        ]
    )


def tokens(keras: Any) -> Any:
    layers = keras.layers
    word = keras.Input((4,), dtype="int32", name="word")
    value = keras.Input((2,), name="value")
    x = layers.Flatten()(layers.Embedding(9, 3, name="words")(word))
    x = layers.Dense(8, activation="relu")(layers.Concatenate()([x, value]))
    return keras.Model([word, value], layers.Dense(1)(x))


def both(name: str) -> Any:
    return _tf.keras() if name == "keras" else _tf.tf_keras()


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@pytest.mark.parametrize(
    "options",
    [{}, {"value_dim": 4}, {"use_bias": False}, {"output_shape": 8}, {"dropout": 0.5},
     {"heads": 1}, {"heads": 3, "value_dim": 2}],
    ids=str,
)  # fmt: skip
def test_attention_becomes_dense_layers_of_equal_outputs(
    name: str, options: dict[str, Any]
) -> None:
    keras = both(name)
    keras.utils.set_random_seed(1)
    model = attending(keras, **options)
    for other in ("keras", "tf_keras"):
        build_checked(read_network(model), other, model, what="reading")
        network = lower(read_network(model))
        build_checked(network, other, model, what="splitting")
    kinds = {layer.kind for layer in network.layers.values()}
    assert "MultiHeadAttention" not in kinds
    heads = options.get("heads", 2)
    assert sum(layer.name.startswith("attention") for layer in kernel_layers(network)) == (
        3 * heads + 1
    )


def test_attention_that_is_shared_stays_shared() -> None:
    keras = _tf.keras()
    x = source = keras.Input((6, 5))
    attention = keras.layers.MultiHeadAttention(2, 3, name="attention")
    model = keras.Model(source, attention(attention(x, x), x))
    network = lower(read_network(model))
    build_checked(network, "tf_keras", model, what="splitting")
    assert network.parameters == model.count_params()


def test_attention_over_images_is_refused_by_name() -> None:
    keras = _tf.keras()
    x = source = keras.Input((3, 3, 4))
    layer = keras.layers.MultiHeadAttention(2, 3, name="over_images")
    with pytest.raises(ModelError) as caught:
        lower(read_network(keras.Model(source, layer(x, x))))
    assert "over_images" in caught.value.reasons[0]
    assert "(steps, channels)" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ({"return_attention_scores": True}, "return_attention"),
        ({"training": True}, "training=True"),
    ],
)
def test_calls_of_attention_that_do_not_cross_are_refused(call: dict[str, Any], what: str) -> None:
    keras = _tf.keras()
    x = source = keras.Input((6, 5))
    layer = keras.layers.MultiHeadAttention(2, 3)
    with pytest.raises(ModelError) as caught:
        read_network(keras.Model(source, layer(x, x, **call)))
    assert what in caught.value.reasons[0]


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])
def test_recurrent_layers_cross(name: str, kind: str) -> None:
    model = recurrent(both(name), kind)
    for other in ("keras", "tf_keras"):
        network = read_network(model)
        build_checked(network, other, model, what="reading")
    first = network.layers["first"]
    assert macs(network) >= 4 * (first.weights[0].size + first.weights[1].size)


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("backward", [False, True], ids=["alike", "own backward layer"])
def test_bidirectional_layers_cross(name: str, merge_mode: str, backward: bool) -> None:
    keras = both(name)
    layers = keras.layers
    other = layers.LSTM(3, go_backwards=True, return_sequences=True) if backward else None
    x = source = keras.Input((4, 3))
    x = layers.Masking()(x)
    x = layers.Bidirectional(
        layers.GRU(3, return_sequences=True), merge_mode, backward_layer=other, name="both"
    )(x)
    model = keras.Model(source, layers.Dense(2, name="out")(x))
    network = read_network(model)
    for target in ("keras", "tf_keras"):
        built = build_checked(network, target, model, what="reading")
        assert read_network(built).layers["both"].config == network.layers["both"].config
    kernels = sum(w.size for w in network.layers["both"].weights if len(w.shape) == 2 < w.shape[0])
    assert macs(network) == 4 * (kernels + network.layers["out"].weights[0].size)


@pytest.mark.parametrize("options", [{"reset_after": False}, {"use_bias": False}], ids=str)
def test_forms_of_a_gru_cross(options: dict[str, Any]) -> None:
    model = recurrent(_tf.keras(), "GRU", **options)
    build_checked(read_network(model), "tf_keras", model, what="reading")


@pytest.mark.parametrize(
    ("options", "what"), [({"stateful": True}, "stateful=True (allowed: False)")]
)
def test_recurrent_layers_with_state_are_refused(options: dict[str, Any], what: str) -> None:
    keras = _tf.keras()
    layers = keras.layers
    x = source = keras.Input((4, 3), batch_size=1)
    model = keras.Model(source, layers.GRU(2, name="gru", **options)(x))
    with pytest.raises(ModelError) as caught:
        read_network(model)
    assert caught.value.reasons == (f"layer 'gru' (GRU): {what}",)
    assert "stateful=False" in (caught.value.hint or "")
    assert "--streaming" in (caught.value.hint or "")


def test_a_recurrent_layer_with_a_first_state_is_refused() -> None:
    keras = _tf.keras()
    x, state = keras.Input((4, 3)), keras.Input((2,))
    model = keras.Model([x, state], keras.layers.GRU(2)(x, initial_state=state))
    with pytest.raises(ModelError) as caught:
        read_network(model)
    assert "initial state" in caught.value.reasons[0]


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_indices_stay_integers(name: str) -> None:
    model = tokens(both(name))
    for other in ("keras", "tf_keras"):
        network = read_network(model)
        built = build_checked(network, other, model, what="reading")
        assert read_network(built).inputs == network.inputs
    assert [source.dtype for source in network.inputs] == ["int32", "float32"]


def test_indices_with_fractions_are_refused() -> None:
    network = read_network(tokens(_tf.keras()))
    samples = {"word": np.full((3, 4), 0.5), "value": np.zeros((3, 2))}
    with pytest.raises(ConfigError, match=r"input 'word' have fractions .* int32 indices"):
        read_samples(samples, network)


def test_attention_goes_through_a_recipe() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = attending(keras)
    x = np.random.default_rng(0).normal(0, 1, (300, 6, 5)).astype(np.float32)
    # As many samples of either class.
    weights = model.get_layer("out").get_weights()
    weights[1][0] -= np.median(np.asarray(model(x)) @ [1.0, -1.0])
    model.get_layer("out").set_weights(weights)
    y = np.asarray(model(x)).argmax(axis=1)
    cluster = {"kind": "cluster", "clusters": 16, "fine_tune": {"epochs": 1}}
    result = tinycompress.compress(model, recipe(PRUNE, cluster), (x, y), val=(x, y))
    assert result.rows[0].int8_accuracy > 0.9
    pruned = result.rows[1]
    assert pruned.nonzero_parameters < 0.7 * pruned.parameters


def test_tokens_and_values_go_through_a_recipe() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = tokens(keras)
    generator = np.random.default_rng(0)
    x = [generator.integers(0, 9, (300, 4)), generator.normal(0, 1, (300, 2)).astype(np.float32)]
    y = np.asarray(model(x))
    result = tinycompress.compress(model, recipe(PRUNE), (x, y), val=(x, y))
    assert result.rows[0].int8_accuracy > 0.95


def test_a_gru_goes_through_a_recipe() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = recurrent(keras, "GRU")
    x = np.random.default_rng(0).normal(0, 1, (200, 4, 3)).astype(np.float32)
    y = np.asarray(model(x))
    result = tinycompress.compress(model, recipe(PRUNE), (x, y), val=(x, y))
    assert result.rows[0].int8_accuracy > 0.9


def test_an_autoencoder_is_held_against_its_input() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 4)), keras.layers.Dense(4, name="same")])
    model.set_weights([np.eye(4, dtype=np.float32), np.zeros(4)])
    x = np.random.default_rng(0).normal(0, 1, (200, 4, 4)).astype(np.float32)
    odd = np.arange(200) % 4 == 0
    result = tinycompress.compress(model, recipe(PRUNE), {"x": x}, val=(x, odd))
    (quality,) = result.rows[0].quality
    assert quality.score_name == "AUC of the reconstruction error"
    without = tinycompress.compress(model, recipe(PRUNE), {"x": x}, val={"x": x})
    assert without.rows[0].quality[0].score_name == "R² of the reconstruction"
    assert without.rows[0].int8_accuracy > 0.99


@pytest.mark.parametrize("others", [False, True], ids=["dense alone", "others, too"])
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}], ids=str)
def test_what_a_normalisation_scales_is_in_the_kernels_behind_it(
    others: bool, options: dict[str, Any]
) -> None:
    keras = _tf.keras()
    layers = keras.layers
    x = source = keras.Input((6, 5))
    x = layers.LayerNormalization(name="norm", **options)(x)
    y = layers.Dense(5, name="behind")(x)
    y = layers.Add()([x, y]) if others else y
    model = keras.Model(source, layers.Dense(2)(layers.Flatten()(y)))
    norm = model.get_layer("norm")
    generator = np.random.default_rng(0)
    norm.set_weights([generator.uniform(0.5, 2, w.shape) for w in norm.get_weights()])
    network = lower(read_network(model))
    build_checked(network, "tf_keras", model, what="taking in")
    assert network.layers["norm"].weights == ()
    exported = convert_model(
        build_model(network, "tf_keras"), generator.normal(0, 1, (100, 6, 5)).astype(np.float32)
    )
    found = match_kernels(read_model(exported.tflite).main, network)
    assert "behind" in {one.layer.name for one in found}


def test_a_normalisation_that_ends_a_model_stays() -> None:
    keras = _tf.keras()
    x = source = keras.Input((6, 5))
    x = keras.layers.LayerNormalization(name="norm")(x)
    model = keras.Model(source, [x, keras.layers.Dense(2)(x)])
    assert len(lower(read_network(model)).layers["norm"].weights) == 2
