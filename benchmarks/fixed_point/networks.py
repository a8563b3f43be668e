"""The networks: small ones on 8x8 handwritten digits, of QKeras or of HGQ2.

The two cannot be installed side by side, so each is imported where its networks are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tinycompress import _tf

SHAPE = (8, 8, 1)
CLASSES = 10


@dataclass(frozen=True)
class Network:
    """A network: its name, which package it needs, what its weights are, and how it is made."""

    name: str
    package: str
    weights: str
    make: Callable[[], Any]


def _qkeras() -> Any:
    _tf.quantized_layers("qkeras")
    return import_module("qkeras")


def _mlp() -> Any:
    keras, q = _tf.keras(), _qkeras()

    def dense(units: int, name: str) -> Any:
        return q.QDense(
            units,
            kernel_quantizer=q.quantized_bits(4, 0, alpha=1),
            bias_quantizer=q.quantized_bits(8, 2, alpha=1),
            name=name,
        )

    return keras.Sequential(
        [
            keras.Input(SHAPE, name="image"),
            q.QActivation(q.quantized_bits(8, 1, alpha=1), name="pixels"),
            keras.layers.Flatten(name="flatten"),
            dense(64, "hidden1"),
            q.QActivation(q.quantized_relu(6, 2), name="relu1"),
            dense(32, "hidden2"),
            q.QActivation(q.quantized_relu(6, 2), name="relu2"),
            dense(CLASSES, "digit"),
            keras.layers.Softmax(name="softmax"),
        ],
        name="mlp",
    )


def _cnn(kernel: Callable[[Any], Any], bits: int) -> Any:
    keras, q = _tf.keras(), _qkeras()

    def conv(filters: int, name: str) -> list[Any]:
        return [
            q.QConv2D(
                filters, 3, use_bias=False, kernel_quantizer=kernel(q), padding="same", name=name
            ),
            keras.layers.BatchNormalization(name=f"{name}_bn"),
            q.QActivation(q.quantized_relu(bits, 2), name=f"{name}_relu"),
        ]

    return keras.Sequential(
        [
            keras.Input(SHAPE, name="image"),
            q.QActivation(q.quantized_bits(8, 1, alpha=1), name="pixels"),
            *conv(16, "conv1"),
            *conv(32, "conv2"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            *conv(32, "conv3"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.Flatten(name="flatten"),
            q.QDense(
                CLASSES,
                kernel_quantizer=q.quantized_bits(4, 0, alpha=1),
                bias_quantizer=q.quantized_bits(8, 2, alpha=1),
                name="digit",
            ),
            keras.layers.Softmax(name="softmax"),
        ]
    )


def _hgq_cnn() -> Any:
    keras = _tf.keras()
    _tf.quantized_layers("hgq")
    layers, config = import_module("hgq.layers"), import_module("hgq.config")
    scope = config.QuantizerConfigScope
    with (
        scope(
            place="datalane", default_q_type="kif", i0=2, f0=4,
            homogeneous_axis=None, heterogeneous_axis=(),
        ),
        scope(place="weight", default_q_type="kif", i0=1, f0=4),
        scope(place="bias", default_q_type="kif", i0=2, f0=6),
        config.LayerConfigScope(enable_ebops=True, beta0=1e-5),
    ):  # fmt: skip
        return keras.Sequential(
            [
                keras.Input(SHAPE, name="image"),
                layers.QConv2D(16, 3, padding="same", activation="relu", name="conv1"),
                layers.QConv2D(32, 3, padding="same", activation="relu", name="conv2"),
                keras.layers.MaxPooling2D(2, name="pool"),
                layers.QConv2D(32, 3, activation="relu", name="conv3"),
                keras.layers.Flatten(name="flatten"),
                layers.QDense(CLASSES, name="digit"),
                keras.layers.Softmax(name="softmax"),
            ]
        )


NETWORKS = (
    Network("MLP", "qkeras", "quantized_bits(4, 0), all layers", _mlp),
    Network(
        "CNN", "qkeras", "quantized_bits(4, 0), all layers",
        lambda: _cnn(lambda q: q.quantized_bits(4, 0, alpha=1), 8),
    ),
    Network(
        "ternary CNN", "qkeras", "ternary('auto'); last layer of 4 bits",
        lambda: _cnn(lambda q: q.ternary(alpha="auto"), 4),
    ),
    Network(
        "binary CNN", "qkeras", "binary('auto'); last layer of 4 bits",
        lambda: _cnn(lambda q: q.binary(alpha="auto"), 4),
    ),
    Network("CNN of HGQ2", "hgq", "trained bits for every weight", _hgq_cnn),
)  # fmt: skip
