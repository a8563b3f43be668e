"""Activation functions of Keras 3 that tf_keras lacks, as functions that it can serialise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tinycompress import _tf

PACKAGE = "tinycompress>"
"""How tf_keras's names of them begin."""


def _hard_sigmoid(tf: Any, x: Any) -> Any:
    return tf.nn.relu6(x + 3.0) * (1.0 / 6.0)


def _soft_shrink(tf: Any, x: Any) -> Any:
    return tf.sign(x) * tf.nn.relu(tf.abs(x) - 0.5)


_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "celu": lambda tf, x: tf.nn.relu(x) + tf.math.expm1(tf.minimum(x, 0.0)),
    "hard_shrink": lambda tf, x: tf.where(tf.abs(x) > 0.5, x, 0.0),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda tf, x: x * _hard_sigmoid(tf, x),
    "hard_tanh": lambda tf, x: tf.clip_by_value(x, -1.0, 1.0),
    "log_sigmoid": lambda tf, x: tf.math.log_sigmoid(x),
    "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
    "soft_shrink": _soft_shrink,
    "sparse_plus": lambda tf, x: _tf.keras().activations.sparse_plus(x),
    "sparse_sigmoid": lambda tf, x: _tf.keras().activations.sparse_sigmoid(x),
    "squareplus": lambda tf, x: 0.5 * (x + tf.sqrt(tf.square(x) + 4.0)),
    "tanh_shrink": lambda tf, x: x - tf.tanh(x),
}
"""With the arguments that Keras 3 has by default, which is all that a name can mean."""
ONLY_KERAS_3 = frozenset(_FUNCTIONS)


@cache
def in_tf_keras(name: str) -> Any:
    """A function of `ONLY_KERAS_3` that tf_keras saves in a model by its name."""
    tf, function = _tf.tensorflow(), _FUNCTIONS[name]

    def activation(x: Any) -> Any:
        return function(tf, x)

    activation.__name__ = name
    registered = _tf.tf_keras().utils.register_keras_serializable
    return registered(package=PACKAGE.removesuffix(">"), name=name)(activation)
