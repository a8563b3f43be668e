"""The networks, in Keras 3, and how each is trained."""

from __future__ import annotations

from typing import Any

from benchmarks.whole_networks.sets import CANVAS, EMPTY, Arrays
from tinycompress import _tf


def keyword_transformer(train: Arrays) -> Any:
    """A stem of one convolution, two blocks of attention with two heads, 12 words."""
    layers = _tf.keras().layers
    x = source = layers.Input((49, 40), name="logmel")
    x = layers.Conv1D(32, 3, strides=2, padding="same", name="stem")(x)
    for block in range(2):
        y = layers.LayerNormalization(epsilon=1e-3)(x)
        y = layers.MultiHeadAttention(2, 16, name=f"attention_{block}")(y, y)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization(epsilon=1e-3)(x)
        y = layers.Dense(64, activation="relu")(y)
        x = layers.Add()([x, layers.Dense(32)(y)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-3)(x))
    words = layers.Dense(12, activation="softmax", name="word")(layers.Dropout(0.2)(x))
    model = _tf.keras().Model(source, words, name="keyword_transformer")
    return fitted(model, train["x"], train["y"], "sparse_categorical_crossentropy", 15)


def gru_anomalies(train: Arrays) -> Any:
    """An autoencoder: a GRU reads the window, another one writes it again from 12 numbers."""
    layers = _tf.keras().layers
    x = source = layers.Input((16, 6), name="motion")
    x = layers.GRU(24, name="read")(x)
    x = layers.RepeatVector(16)(layers.Dense(12, activation="tanh", name="code")(x))
    x = layers.GRU(24, return_sequences=True, name="write")(x)
    model = _tf.keras().Model(source, layers.Dense(6, name="again")(x), name="gru_anomalies")
    return fitted(model, train["x"], train["x"], "mse", 25, rate=1e-2)


def unet(train: Arrays) -> Any:
    """A U-Net in one dimension: three levels, joined again by concatenation."""
    layers = _tf.keras().layers

    def block(x: Any, channels: int) -> Any:
        for _ in range(2):
            x = layers.Conv1D(channels, 5, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        return x

    x = source = layers.Input((128, 6), name="motion")
    kept = []
    for channels in (12, 16):
        x = block(x, channels)
        kept.append(x)
        x = layers.MaxPooling1D(4)(x)
    x = block(x, 32)
    for channels, beside in ((16, kept[1]), (12, kept[0])):
        x = layers.Concatenate()([layers.UpSampling1D(4)(x), beside])
        x = block(x, channels)
    labels = layers.Conv1D(6, 1, activation="softmax", name="activity")(x)
    model = _tf.keras().Model(source, labels, name="unet")
    return fitted(model, train["x"], train["y"], "sparse_categorical_crossentropy", 8, rate=5e-3)


def detector(train: Arrays) -> Any:
    """Convolutions down to a grid of 5 x 5 cells, and a head each for boxes, scores and classes."""
    layers = _tf.keras().layers
    x = source = layers.Input((CANVAS, CANVAS, 1), name="picture")
    for channels in (12, 24, 32):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(48, 3, padding="same", activation="relu")(x)
    heads = [
        layers.Conv2D(4, 1, name="boxes")(x),
        layers.Conv2D(1, 1, activation="sigmoid", name="scores")(x),
        layers.Conv2D(EMPTY + 1, 1, activation="softmax", name="classes")(x),
    ]
    model = _tf.keras().Model(source, heads, name="detector")

    def by_class(true: Any, said: Any) -> Any:
        """Cross-entropy; cells with a digit, one in some ten, count ten times."""
        keras = _tf.keras()
        plain = keras.losses.sparse_categorical_crossentropy(true, said)
        return plain * keras.ops.where(true < EMPTY, 10.0, 1.0)

    def of_boxes(true: Any, said: Any) -> Any:
        """Squared error; cells with a digit count twenty times, what others say is never read."""
        ops = _tf.keras().ops
        error = ops.mean(ops.square(true - said), axis=-1)
        return error * ops.where(ops.any(true > 0, axis=-1), 20.0, 1.0)

    losses = [of_boxes, "binary_crossentropy", by_class]
    wanted = [train["y0"], train["y1"], train["y2"]]
    return fitted(model, train["x"], wanted, losses, 25, rate=3e-3, weights=[5.0, 1.0, 1.0])


def tabular(train: Arrays) -> Any:
    """An embedding for each index, beside the values, and two dense layers."""
    layers = _tf.keras().layers
    sizes = {"hour": (24, 6), "day": (7, 3), "month": (12, 3), "weather": (4, 2)}
    inputs = [layers.Input((1,), dtype="int32", name=name) for name in sizes]
    parts = [
        layers.Flatten()(layers.Embedding(*sizes[name], name=f"embedded_{name}")(one))
        for name, one in zip(sizes, inputs, strict=True)
    ]
    inputs.append(layers.Input((3,), name="values"))
    x = layers.Concatenate()([*parts, inputs[-1]])
    for units in (48, 24):
        x = layers.Dense(units, activation="relu")(x)
    model = _tf.keras().Model(inputs, layers.Dense(1, name="rented")(x), name="tabular")
    return fitted(model, [train[one.name] for one in inputs], train["y"], "mse", 40, rate=5e-3)


def fitted(
    model: Any, x: Any, y: Any, loss: Any, epochs: int, *, rate: float = 2e-3, weights: Any = None
) -> Any:
    """The model, trained with Adam; the rate falls to zero as a cosine does."""
    keras, batch = _tf.keras(), 64
    first = x[0] if isinstance(x, list) else x
    decay = keras.optimizers.schedules.CosineDecay(rate, epochs * -(-len(first) // batch))
    model.compile(keras.optimizers.Adam(decay), loss, loss_weights=weights)
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    return model
