"""The bridge between the two Kerases: every layer type, every topology, and what cannot cross."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.compression.network.bridge import predict, random_inputs, to_keras, to_tf_keras
from tinycompress.compression.network.layer_types import ACTIVATIONS, LAYER_TYPES
from tinycompress.compression.network.read import read_network
from tinycompress.errors import ConfigError, ModelError

pytestmark = pytest.mark.tf

IMAGE = (8, 6, 4)
SERIES = (12, 4)

LAYERS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "Dense": ((7,), {"units": 5, "activation": "gelu", "kernel_regularizer": "l2"}),
    "Conv1D": (SERIES, {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    "Conv2D": (IMAGE, {"filters": 6, "kernel_size": (3, 2), "strides": 2, "groups": 2}),
    "Conv1DTranspose": (SERIES, {"filters": 3, "kernel_size": 3, "strides": 2}),
    "EinsumDense": (SERIES, {"equation": "abc,cd->abd", "output_shape": (12, 5)}),
    "Conv2DTranspose": (IMAGE, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    "DepthwiseConv1D": (SERIES, {"kernel_size": 3, "depth_multiplier": 2}),
    "DepthwiseConv2D": (IMAGE, {"kernel_size": 3, "depth_multiplier": 2, "activation": "silu"}),
    "SeparableConv1D": (SERIES, {"filters": 3, "kernel_size": 3}),
    "SeparableConv2D": (IMAGE, {"filters": 3, "kernel_size": 3, "use_bias": False}),
    "BatchNormalization": (IMAGE, {"epsilon": 0.01, "scale": False}),
    "LayerNormalization": (IMAGE, {"axis": [-1], "epsilon": 0.01}),
    "Activation": (IMAGE, {"activation": "leaky_relu"}),
    "ReLU": (IMAGE, {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}),
    "LeakyReLU": (IMAGE, {"negative_slope": 0.17}),
    "PReLU": (IMAGE, {"shared_axes": [1, 2]}),
    "ELU": (IMAGE, {"alpha": 0.7}),
    "Softmax": (IMAGE, {"axis": -1}),
    "MaxPooling1D": (SERIES, {"pool_size": 3, "strides": 2, "padding": "same"}),
    "MaxPooling2D": (IMAGE, {"pool_size": (2, 3)}),
    "AveragePooling1D": (SERIES, {"pool_size": 2}),
    "AveragePooling2D": (IMAGE, {"pool_size": 3, "padding": "same"}),
    "GlobalMaxPooling1D": (SERIES, {}),
    "GlobalMaxPooling2D": (IMAGE, {"keepdims": True}),
    "GlobalAveragePooling1D": (SERIES, {"keepdims": True}),
    "GlobalAveragePooling2D": (IMAGE, {}),
    "Flatten": (IMAGE, {}),
    "Reshape": (IMAGE, {"target_shape": (6, -1)}),
    "Permute": (IMAGE, {"dims": (3, 1, 2)}),
    "ZeroPadding1D": (SERIES, {"padding": (1, 2)}),
    "ZeroPadding2D": (IMAGE, {"padding": ((1, 0), (2, 1))}),
    "Cropping1D": (SERIES, {"cropping": (1, 2)}),
    "Cropping2D": (IMAGE, {"cropping": ((1, 0), (2, 1))}),
    "UpSampling1D": (SERIES, {"size": 3}),
    "UpSampling2D": (IMAGE, {"size": (2, 3), "interpolation": "bilinear"}),
    "Dropout": (IMAGE, {"rate": 0.5}),
    "SpatialDropout1D": (SERIES, {"rate": 0.5}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.5}),
    "GaussianNoise": (IMAGE, {"stddev": 0.5}),
    "GaussianDropout": (IMAGE, {"rate": 0.5}),
    "AlphaDropout": (IMAGE, {"rate": 0.5}),
    "ActivityRegularization": (IMAGE, {"l1": 0.1}),
    "Rescaling": (IMAGE, {"scale": 0.3, "offset": -1.0}),
    "RepeatVector": ((6,), {"n": 3}),
    "SimpleRNN": (SERIES, {"units": 3}),
    "GRU": (SERIES, {"units": 3, "return_sequences": True}),
    "LSTM": (SERIES, {"units": 3, "return_sequences": True}),
    "Resizing": (IMAGE, {"height": 5, "width": 9, "interpolation": "nearest"}),
    "CenterCrop": (IMAGE, {"height": 5, "width": 3}),
    "GroupNormalization": (IMAGE, {"groups": 2, "epsilon": 0.01}),
    "UnitNormalization": (SERIES, {"axis": -1}),
    "Normalization": (
        IMAGE,
        {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 2.0, 0.5, 4.0]},
    ),
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


OTHERS = {
    "AdditiveAttention", "Attention", "Bidirectional", "Dot", "Embedding", "Masking",
    "MultiHeadAttention",
}  # fmt: skip
"""Layers with inputs of their own kind, which have tests of their own."""


def randomize(model: Any, seed: int = 0) -> Any:
    """Give every weight a value other than its initial one; variances stay positive."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(generator.uniform(0.1, 1.0, weight.shape))
    return model


def assert_crosses(model: Any) -> None:
    """Both ways, with the outputs of the original each time."""
    there = to_tf_keras(model)
    back = to_keras(there)
    assert _tf.keras_of(there) == "tf_keras"
    assert _tf.keras_of(back) == "keras"
    samples = random_inputs(model)
    for other in (there, back):
        for one, two in zip(predict(model, samples), predict(other, samples), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


def test_every_layer_type_has_a_case() -> None:
    assert set(LAYERS) | set(MERGES) | OTHERS == set(LAYER_TYPES)


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_layer_crosses_both_ways(kind: str) -> None:
    layers = _tf.keras().layers
    shape, config = LAYERS[kind]
    source = layers.Input(shape)
    model = _tf.keras().Model(source, getattr(layers, kind)(**config)(source))
    assert_crosses(randomize(model))


@pytest.mark.parametrize("kind", MERGES)
def test_merge_crosses_both_ways(kind: str) -> None:
    layers = _tf.keras().layers
    one, two = layers.Input(IMAGE), layers.Input(IMAGE)
    assert_crosses(_tf.keras().Model([one, two], getattr(layers, kind)()([one, two])))


def test_dot_crosses_both_ways() -> None:
    layers = _tf.keras().layers
    one, two = layers.Input(SERIES), layers.Input(SERIES)
    assert_crosses(_tf.keras().Model([one, two], layers.Dot(2, normalize=True)([one, two])))


def test_attention_crosses_both_ways() -> None:
    layers = _tf.keras().layers
    one, two = layers.Input(SERIES), layers.Input(SERIES)
    x = layers.MultiHeadAttention(2, 3)(one, two)
    assert_crosses(randomize(_tf.keras().Model([one, two], layers.Attention()([x, two]))))


def test_embedding_crosses_both_ways() -> None:
    layers = _tf.keras().layers
    source = layers.Input((5,), dtype="int32")
    assert_crosses(randomize(_tf.keras().Model(source, layers.Embedding(7, 3)(source))))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activation_crosses_both_ways(name: str) -> None:
    layers = _tf.keras().layers
    source = layers.Input((7,))
    x = layers.Activation(name)(layers.Dense(5, activation=name, name="dense")(source))
    model = randomize(_tf.keras().Model(source, x))
    for weight in model.weights:
        weight.assign(0.2 * weight)  # else exp(exp(x)) is infinite
    assert_crosses(model)
    assert read_network(to_tf_keras(model)).layers["dense"].config["activation"] == name


def test_hard_sigmoid_of_tf_keras_is_another_function() -> None:
    layers = _tf.tf_keras().layers
    model = _tf.tf_keras().Sequential([layers.Input((7,)), layers.Dense(5, "hard_sigmoid")])
    with pytest.raises(ModelError, match="activation 'hard_sigmoid'") as caught:
        read_network(model)
    assert caught.value.hint == (
        "replace these layers, or take them out of the model before compressing"
    )


def test_what_gives_what_it_gets_is_left_out() -> None:
    layers = _tf.keras().layers
    source = layers.Input((7,))
    network = read_network(_tf.keras().Model(source, layers.Identity()(layers.Dense(5)(source))))
    assert [layer.kind for layer in network.layers.values()] == ["Dense"]


def test_nested_shared_several_inputs_and_outputs() -> None:
    keras = _tf.keras()
    layers = keras.layers
    inner = keras.Sequential(
        [layers.Input(IMAGE), layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()],
        name="inner",
    )
    one, two = layers.Input(IMAGE, name="one"), layers.Input(IMAGE, name="two")
    shared = layers.Dense(4, activation="relu", name="shared")
    x, y = inner(shared(one)), inner(shared(two))
    z = x + y
    first = layers.Dense(3, activation="softmax")(layers.Flatten()(z))
    second = layers.GlobalAveragePooling2D()(layers.Multiply()([z, x]))
    model = randomize(keras.Model([one, two], [first, second]))
    assert_crosses(model)
    network = read_network(model)
    assert len(network.calls_of("shared")) == 2
    assert [source.name for source in network.inputs] == ["one", "two"]
    assert network.parameters == model.count_params()


def test_deep_nesting_with_clashing_names() -> None:
    keras = _tf.keras()
    layers = keras.layers

    def block(name: str) -> Any:
        source = layers.Input((5,))
        return keras.Model(source, layers.Dense(5, name="dense")(source), name=name)

    source = layers.Input((5,))
    model = randomize(keras.Model(source, block("b")(block("a")(source))))
    assert list(read_network(model).layers) == ["dense", "b_dense"]
    assert_crosses(model)


def test_tf_keras_model_crosses_to_keras() -> None:
    tf_keras = _tf.tf_keras()
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="swish", input_shape=IMAGE),
            layers.LeakyReLU(alpha=0.2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    assert_crosses(randomize(model))


def test_regularizers_and_trainable_cross() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(
        2, kernel_regularizer=keras.regularizers.L2(0.03), kernel_constraint="max_norm", name="d"
    )])  # fmt: skip
    model.get_layer("d").trainable = False
    layer = to_tf_keras(model).get_layer("d")
    assert layer.kernel_regularizer.l2 == pytest.approx(0.03)
    assert type(layer.kernel_constraint).__name__ == "MaxNorm"
    assert not layer.trainable


def _unbuilt(keras: Any) -> Any:
    return keras.Sequential([keras.layers.Dense(2)])


def _subclass(keras: Any) -> Any:
    class Mine(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Mine()
    model(np.zeros((1, 3), np.float32))
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [(_unbuilt, "not built"), (_subclass, "subclass of Model")],
)
def test_models_without_graph_are_refused(make: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        to_tf_keras(make(_tf.keras()))


def test_all_unsupported_layers_are_named() -> None:
    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(4, activation="sparsemax", name="sparse"),
            layers.Reshape((2, 2)),
            layers.RNN(layers.GRUCell(2), name="cells"),
            layers.Dense(2, name="fine"),
        ]
    )
    with pytest.raises(ModelError) as caught:
        to_tf_keras(model)
    assert len(caught.value.reasons) == 2
    assert "layer 'sparse' (Dense): activation 'sparsemax'" in caught.value.reasons[0]
    assert "layer 'cells' (RNN)" in caught.value.reasons[1]


def test_channels_first_is_refused() -> None:
    keras = _tf.keras()
    source = keras.layers.Input(IMAGE)
    x = keras.layers.MaxPooling2D(data_format="channels_first", name="pool")(source)
    with pytest.raises(ModelError, match=r"'pool' .*channels_first") as caught:
        to_tf_keras(keras.Model(source, x + 1.0))
    assert len(caught.value.reasons) == 1


def test_not_finite_model_is_refused() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    model.layers[0].kernel.assign(np.full((3, 2), np.nan))
    with pytest.raises(ModelError, match="not finite"):
        to_tf_keras(model)


def test_no_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="no Keras model"):
        to_tf_keras("model.keras")
