"""The entropy of int8 weights as a part of the loss: weights learn to be values that code short.

Counted are the integers that the file will hold (`network.integers`), layer by layer, zero among
them. If weights were drawn one by one, a layer's entropy would be the bits of its zeros' places and
of its values together: what `gap_tokens` and `huffman` come near to. Rounding has no gradient, so
each weight gets the slope of what its value costs, -log2 of how frequent values near it are: it is
drawn to where many others are, to zero first (Wiedemann, Marban, Mueller and Samek,
Entropy-Constrained Training of Deep Neural Networks, 2019). The distance at which a value sees
others grows with how far values lie apart, so that clustered weights see the next clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.network.integers import LARGEST, SCALED_ALIKE
from tinycompress.compression.network.network import Network

Coded = tuple[Any, str]
"""A variable that is a kernel, and the class of its layer, one of `SCALED_ALIKE`."""

_VALUES = 2 * LARGEST + 1
_LEAST_REACH = 4.0
"""In integers. Nearer, how often values come is chance, and zero draws next to nothing."""
_RARE = 1e-6
"""How often a value comes at least, as a share, where its cost is looked at."""


def coded_kernels(network: Network, variable_of: Callable[[str], Any]) -> list[Coded]:
    """The kernels that firmware can encode, of layers by name."""
    return [
        (variable_of(layer.name), layer.kind)
        for layer in network.layers.values()
        if layer.kind in SCALED_ALIKE
    ]


def with_entropy(
    loss: Callable[[Any, Any], Any], kernels: Sequence[Coded], weight: float
) -> Callable[[Any, Any], Any]:
    """A loss to which the mean bits of a weight are added.

    Args:
        loss: Of an output: ``(y_true, y_pred)`` to one number for each sample.
        kernels: Whose bits count; at least one.
        weight: What a bit of every weight adds to the loss.
    """
    count = sum(int(variable.shape.num_elements()) for variable, _ in kernels)

    def added(y_true: Any, y_pred: Any) -> Any:
        bits = sum(coded_bits(variable, kind) for variable, kind in kernels)
        return loss(y_true, y_pred) + weight / count * bits

    return added


def coded_bits(kernel: Any, kind: str) -> Any:
    """Entropy of a kernel's integers in the file times their number, with a gradient.

    Args:
        kernel: float32 tensor or variable, finite.
        kind: Class of its layer, one of `SCALED_ALIKE`.

    Returns:
        float32 scalar, bits.
    """
    tf = _tf.tensorflow()
    # Output channels are the last axis; a Dense has one scale.
    axes = None if kind == "Dense" else list(range(len(kernel.shape) - 1))
    largest = tf.stop_gradient(tf.reduce_max(tf.abs(kernel), axis=axes, keepdims=True))
    scaled = kernel * (LARGEST / tf.where(largest > 0, largest, 1.0))
    places = tf.cast(tf.round(scaled), tf.int32) + LARGEST
    counts = tf.cast(
        tf.math.bincount(tf.reshape(places, [-1]), minlength=_VALUES, maxlength=_VALUES),
        tf.float32,
    )
    total = tf.reduce_sum(counts)
    bits = tf.reduce_sum(tf.math.multiply_no_nan(tf.math.log(total / counts), counts))
    pulled = tf.reduce_sum(tf.stop_gradient(tf.gather(_slopes(tf, counts), places)) * scaled)
    # The bits themselves, with the gradient of the other.
    return tf.stop_gradient(bits / tf.math.log(2.0) - pulled) + pulled


def _slopes(tf: Any, counts: Any) -> Any:
    """By how many bits each integer costs more than the one before it: the mean of both sides."""
    reach = tf.maximum(_LEAST_REACH, _VALUES / tf.math.count_nonzero(counts, dtype=tf.float32))
    integers = tf.range(_VALUES, dtype=tf.float32)
    near = tf.exp(-tf.abs(integers[:, None] - integers) / reach)
    share = tf.linalg.matvec(near, counts) / tf.reduce_sum(counts)
    cost = -tf.math.log(share + _RARE) / tf.math.log(2.0)
    padded = tf.concat([cost[:1], cost, cost[-1:]], 0)
    return (padded[2:] - padded[:-2]) / 2.0
