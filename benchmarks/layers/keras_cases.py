"""Every layer of Keras that a network may have at inference, as rows of the table.

tf_keras, .h5 and SavedModel have the same rows; what tf_keras lacks is said there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.layers.case import Case

VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (8, 6), (8, 8, 3), (4, 4, 4, 2)
_WORDS = 50

Body = Callable[[Any, Any], Any]
Rows = Mapping[str, Body]


def _layer(name: str, *args: Any, **options: Any) -> Body:
    """The body that is one layer of a name."""
    return lambda keras, x: getattr(keras.layers, name)(*args, **options)(x)


def _activation(name: str) -> Body:
    """The body that is one activation function, by its name in Keras 3."""

    def body(keras: Any, x: Any) -> Any:
        return keras.layers.Activation(getattr(keras.activations, name))(x)

    return body


def _two(name: str, **options: Any) -> Body:
    """The body that merges two branches of a tensor."""

    def body(keras: Any, x: Any) -> Any:
        branches = [keras.layers.Dense(4, name=f"branch_{index}")(x) for index in range(2)]
        return getattr(keras.layers, name)(**options)(branches)

    return body


def _recurrent(name: str, units: int = 4, **options: Any) -> Body:
    return lambda keras, x: getattr(keras.layers, name)(units, **options)(x)


def _bidirectional(keras: Any, x: Any) -> Any:
    return keras.layers.Bidirectional(keras.layers.LSTM(4))(x)


def _time_distributed(keras: Any, x: Any) -> Any:
    return keras.layers.TimeDistributed(keras.layers.Dense(4))(x)


def _rnn_of_cells(keras: Any, x: Any) -> Any:
    cells = [keras.layers.GRUCell(3), keras.layers.LSTMCell(3)]
    return keras.layers.RNN(keras.layers.StackedRNNCells(cells))(x)


def _attention(keras: Any, x: Any) -> Any:
    return keras.layers.MultiHeadAttention(2, 3)(x, x)


def _grouped_attention(keras: Any, x: Any) -> Any:
    return keras.layers.GroupQueryAttention(3, 2, 1)(x, x)


def _dot_attention(name: str) -> Body:
    return lambda keras, x: getattr(keras.layers, name)()([x, x])


def _masked(keras: Any, x: Any) -> Any:
    return keras.layers.LSTM(4)(keras.layers.Masking()(x))


def _spectral(keras: Any, x: Any) -> Any:
    return keras.layers.SpectralNormalization(keras.layers.Conv2D(4, 3))(x)


def _normalization(keras: Any, x: Any) -> Any:
    return keras.layers.Normalization(mean=[0.1] * 6, variance=[1.5] * 6)(x)


def _words(keras: Any, x: Any) -> Any:
    found = keras.layers.Embedding(_WORDS, 6, name="words")(x)
    return keras.layers.Dense(3, name="head")(keras.layers.GlobalAveragePooling1D()(found))


def _masked_words(keras: Any, x: Any) -> Any:
    found = keras.layers.Embedding(_WORDS, 6, mask_zero=True, name="words")(x)
    return keras.layers.Dense(3, name="head")(keras.layers.GlobalAveragePooling1D()(found))


def _categories(keras: Any, x: Any) -> Any:
    found = keras.layers.CategoryEncoding(_WORDS, output_mode="multi_hot")(x)
    return keras.layers.Dense(3, name="head")(found)


def _bits(keras: Any, x: Any) -> Any:
    found = keras.ops.bitwise_and(x, np.full((1, 4), 7, np.int32))
    return keras.layers.Dense(3)(keras.layers.Flatten()(keras.layers.Embedding(8, 4)(found)))


def _volume(name: str, *args: Any, **options: Any) -> Body:
    def body(keras: Any, x: Any) -> Any:
        layers = keras.layers
        return layers.Dense(3)(layers.Flatten()(getattr(layers, name)(*args, **options)(x)))

    return body


def _spectrum(keras: Any, x: Any) -> Any:
    layers = keras.layers
    found = layers.MelSpectrogram(
        fft_length=64, sequence_stride=32, num_mel_bins=8, sampling_rate=8000, min_freq=50
    )(x)
    return layers.Dense(3)(layers.Flatten()(found))


def _nested(keras: Any, x: Any) -> Any:
    layers = keras.layers
    inner_input = keras.Input(tuple(x.shape[1:]))
    inner = keras.Model(inner_input, layers.Dense(4, activation="relu")(inner_input), name="inner")
    return keras.Sequential([inner, layers.Dense(5)], name="outer")(x)


def _shared(keras: Any, x: Any) -> Any:
    layers = keras.layers
    shared = layers.Dense(4, activation="relu", name="shared")
    halves = [shared(layers.Dense(3, name=f"half_{index}")(x)) for index in range(2)]
    return layers.Subtract()(halves)


def _several_outputs(keras: Any, x: Any) -> Any:
    layers = keras.layers
    return [
        layers.Dense(3, activation="softmax", name="kind")(x),
        layers.Dense(2, name="place")(x),
    ]


def _residual(keras: Any, x: Any) -> Any:
    layers = keras.layers
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x)))
    return layers.Add()([x, y])


CONVOLUTIONS: Rows = {
    "Conv1D": _layer("Conv1D", 4, 3),
    "Conv1D, causal, dilated": _layer("Conv1D", 4, 3, padding="causal", dilation_rate=2),
    "DepthwiseConv1D": _layer("DepthwiseConv1D", 3),
    "SeparableConv1D": _layer("SeparableConv1D", 5, 3),
    "Conv1DTranspose": _layer("Conv1DTranspose", 3, 3, strides=2),
}
CONVOLUTIONS_2D: Rows = {
    "Conv2D": _layer("Conv2D", 4, 3),
    "Conv2D, strides": _layer("Conv2D", 4, 3, strides=2, padding="same"),
    "Conv2D, dilated": _layer("Conv2D", 4, 3, dilation_rate=2),
    "Conv2D, groups": _layer("Conv2D", 4, 3, groups=2),
    "DepthwiseConv2D": _layer("DepthwiseConv2D", 3, depth_multiplier=2),
    "SeparableConv2D": _layer("SeparableConv2D", 5, 3),
    "Conv2DTranspose": _layer("Conv2DTranspose", 3, 3, strides=2, padding="same"),
}
POOLING: Rows = {
    "MaxPooling1D": _layer("MaxPooling1D", 2),
    "AveragePooling1D": _layer("AveragePooling1D", 2),
    "GlobalMaxPooling1D": _layer("GlobalMaxPooling1D"),
    "GlobalAveragePooling1D": _layer("GlobalAveragePooling1D"),
    "AdaptiveAveragePooling1D": _layer("AdaptiveAveragePooling1D", 3),
    "AdaptiveMaxPooling1D": _layer("AdaptiveMaxPooling1D", 3),
}
POOLING_2D: Rows = {
    "MaxPooling2D": _layer("MaxPooling2D", 3, strides=2, padding="same"),
    "AveragePooling2D": _layer("AveragePooling2D", 3, strides=2, padding="same"),
    "GlobalMaxPooling2D": _layer("GlobalMaxPooling2D"),
    "GlobalAveragePooling2D": _layer("GlobalAveragePooling2D"),
    "AdaptiveAveragePooling2D": _layer("AdaptiveAveragePooling2D", 4),
    "AdaptiveMaxPooling2D": _layer("AdaptiveMaxPooling2D", 4),
}
NORMALISATION: Rows = {
    "BatchNormalization": _layer("BatchNormalization"),
    "LayerNormalization": _layer("LayerNormalization"),
    "RMSNormalization": _layer("RMSNormalization"),
    "GroupNormalization": _layer("GroupNormalization", 2),
    "UnitNormalization": _layer("UnitNormalization"),
    "SpectralNormalization": _spectral,
}
ACTIVATIONS: Rows = {
    **{
        f"activation {name}": _activation(name)
        for name in (
            "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid", "tanh",
            "hard_sigmoid", "hard_silu", "hard_tanh", "silu", "mish", "softplus", "softsign",
            "exponential", "log_sigmoid", "log_softmax", "softmax", "squareplus", "hard_shrink",
            "soft_shrink", "tanh_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax",
        )
    },
    "activation glu": lambda keras, x: keras.ops.glu(x),
    "activation threshold": lambda keras, x: keras.ops.threshold(x, 0.5, 0.0),
    "ReLU with max_value": _layer("ReLU", max_value=6.0),
    "LeakyReLU": _layer("LeakyReLU"),
    "PReLU": lambda keras, x: keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25)
    )(x),
    "ELU": _layer("ELU"),
    "Softmax": _layer("Softmax"),
    "ThresholdedReLU": _layer("ThresholdedReLU"),
}  # fmt: skip
MOVEMENT: Rows = {
    "Flatten": _layer("Flatten"),
    "Reshape": _layer("Reshape", (4, 8)),
    "Permute": _layer("Permute", (2, 1)),
    "Identity": _layer("Identity"),
    "UpSampling1D": _layer("UpSampling1D", 2),
    "ZeroPadding1D": _layer("ZeroPadding1D", (1, 2)),
    "Cropping1D": _layer("Cropping1D", (1, 2)),
    "GetItem: x[:, 1:5]": lambda keras, x: x[:, 1:5],
    "GetItem: x[:, -1]": lambda keras, x: x[:, -1],
}
MOVEMENT_2D: Rows = {
    "UpSampling2D": _layer("UpSampling2D", 2),
    "UpSampling2D, bilinear": _layer("UpSampling2D", 2, interpolation="bilinear"),
    "ZeroPadding2D": _layer("ZeroPadding2D", 1),
    "Cropping2D": _layer("Cropping2D", 1),
}
MERGING: Rows = {
    name: _two(name)
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
}
RECURRENT: Rows = {
    "LSTM": _recurrent("LSTM"),
    "LSTM, return_sequences": _recurrent("LSTM", return_sequences=True),
    "GRU": _recurrent("GRU"),
    "SimpleRNN": _recurrent("SimpleRNN"),
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "RNN of cells": _rnn_of_cells,
    "Masking and LSTM": _masked,
}
ATTENTION: Rows = {
    "MultiHeadAttention": _attention,
    "GroupQueryAttention": _grouped_attention,
    "Attention": _dot_attention("Attention"),
    "AdditiveAttention": _dot_attention("AdditiveAttention"),
}
TRAINING_ONLY: Rows = {
    "Dropout": _layer("Dropout", 0.3),
    "SpatialDropout2D": _layer("SpatialDropout2D", 0.3),
    "GaussianDropout": _layer("GaussianDropout", 0.3),
    "GaussianNoise": _layer("GaussianNoise", 0.1),
    "AlphaDropout": _layer("AlphaDropout", 0.3),
    "ActivityRegularization": _layer("ActivityRegularization", 1e-4),
}
AUGMENTATION: Rows = {
    "RandomFlip": _layer("RandomFlip"),
    "RandomRotation": _layer("RandomRotation", 0.1),
    "RandomZoom": _layer("RandomZoom", 0.1),
    "RandomTranslation": _layer("RandomTranslation", 0.1, 0.1),
    "RandomContrast": _layer("RandomContrast", 0.1),
    "RandomBrightness": _layer("RandomBrightness", 0.1),
    "RandomCrop": _layer("RandomCrop", 6, 6),
    "RandomErasing": _layer("RandomErasing"),
    "RandomGaussianBlur": _layer("RandomGaussianBlur"),
}
PREPROCESSING: Rows = {
    "Rescaling": _layer("Rescaling", 1 / 127.5, offset=-1),
    "Resizing": _layer("Resizing", 6, 6),
    "Resizing, nearest": _layer("Resizing", 4, 4, interpolation="nearest"),
    "CenterCrop": _layer("CenterCrop", 6, 6),
}
VOLUMES: Rows = {
    "Conv3D": _volume("Conv3D", 2, 2),
    "Conv3DTranspose": _volume("Conv3DTranspose", 2, 2),
    "MaxPooling3D": _volume("MaxPooling3D", 2),
    "AveragePooling3D": _volume("AveragePooling3D", 2),
    "GlobalAveragePooling3D": _volume("GlobalAveragePooling3D"),
    "ZeroPadding3D": _volume("ZeroPadding3D", 1),
    "UpSampling3D": _volume("UpSampling3D", 2),
    "ConvLSTM1D": lambda keras, x: keras.layers.Dense(3)(
        keras.layers.Flatten()(keras.layers.ConvLSTM1D(2, 2)(x[..., 0, :]))
    ),
    "ConvLSTM2D": _volume("ConvLSTM2D", 2, 2),
}
WHOLE: Rows = {
    "nested models": _nested,
    "shared layers": _shared,
    "several outputs": _several_outputs,
}


def cases() -> tuple[Case, ...]:
    """All rows, in the order of the page."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    yield Case("Dense", "Dense and convolutions", VECTOR, _layer("Dense", 4))
    yield Case(
        "EinsumDense", "Dense and convolutions", SEQUENCE,
        _layer("EinsumDense", "abc,cd->abd", output_shape=(8, 5)),
    )  # fmt: skip
    yield from _rows("Dense and convolutions", SEQUENCE, CONVOLUTIONS)
    yield from _rows("Dense and convolutions", IMAGE, CONVOLUTIONS_2D)
    yield from _rows("Pooling", SEQUENCE, POOLING)
    yield from _rows("Pooling", IMAGE, POOLING_2D)
    yield from _rows("Normalisation", IMAGE, NORMALISATION)
    yield from _rows("Activations", SEQUENCE, ACTIVATIONS)
    yield from _rows("Shapes", SEQUENCE, MOVEMENT)
    yield Case("RepeatVector", "Shapes", VECTOR, _layer("RepeatVector", 3))
    yield from _rows("Shapes", IMAGE, MOVEMENT_2D)
    yield from _rows("Merging", SEQUENCE, MERGING)
    yield Case("Dot", "Merging", SEQUENCE, _two("Dot", axes=2))
    yield from _rows("Recurrent", SEQUENCE, RECURRENT)
    yield from _rows("Attention", SEQUENCE, ATTENTION)
    yield from _of_words()
    yield from _rows("Only while training", IMAGE, TRAINING_ONLY)
    yield from _rows("Augmentation", IMAGE, AUGMENTATION, first=True)
    yield from _rows("Preprocessing", IMAGE, PREPROCESSING, first=True)
    yield Case("Normalization", "Preprocessing", VECTOR, _normalization, "first")
    yield Case("MelSpectrogram", "Preprocessing", (256,), _spectrum, "whole")
    yield from (
        Case(name, "Three dimensions", VOLUME, one, "whole") for name, one in VOLUMES.items()
    )
    yield from _whole()


def _rows(group: str, shape: tuple[int, ...], rows: Rows, *, first: bool = False) -> Iterator[Case]:
    for name, body in rows.items():
        yield Case(name, group, shape, body, "first" if first else "between", images=first)


def _of_words() -> Iterator[Case]:
    group = "Indices"
    yield Case("Embedding", group, (12,), _words, "whole", tokens=_WORDS)
    yield Case("Embedding, mask_zero", group, (12,), _masked_words, "whole", tokens=_WORDS)
    yield Case("CategoryEncoding", group, (12,), _categories, "whole", tokens=_WORDS)
    yield Case("BitwiseAnd", group, (4,), _bits, "whole", tokens=_WORDS)
    yield Case("argmax", group, VECTOR, lambda keras, x: keras.ops.argmax(x, axis=-1), "last")
    yield Case("top_k", group, VECTOR, lambda keras, x: keras.ops.top_k(x, 2)[1], "last")


def _whole() -> Iterator[Case]:
    group = "Networks"
    yield from _rows(
        group, VECTOR, {name: WHOLE[name] for name in ("nested models", "shared layers")}
    )
    yield Case(
        "several inputs",
        group,
        VECTOR,
        lambda keras, x: keras.layers.Concatenate()(x),
        "first",
        inputs=2,
    )
    yield Case("several outputs", group, VECTOR, _several_outputs, "whole")
    yield Case("residual block", group, IMAGE, _residual)
    yield Case("mixed_float16", group, IMAGE, _residual, policy="mixed_float16")
    yield Case("mixed_bfloat16", group, IMAGE, _residual, policy="mixed_bfloat16")
