"""MultiHeadAttention in words that every stage knows: Dense layers, and Attention for each head.

    head h:  Attention(query Wq[h] / sqrt(key_dim), value Wv[h], key Wk[h])
    output:  Dense(concatenated heads)

(Vaswani et al., Attention Is All You Need, 2017.) Every kernel is then that of a Dense layer, which
stages prune, share and round like any other. A head of its own needs no reshapes and transpositions
either, which would be copies on the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.errors import ModelError

_SEQUENCE_RANK = 2
_PARTS = ("query", "key", "value")
"""In the order of Keras's weights."""
_TRAINED_WITH = ("kernel_regularizer", "bias_regularizer")


def split_attention(network: Network) -> Network:
    """Split every MultiHeadAttention into its heads.

    Returns:
        A network that infers the same.

    Raises:
        ModelError: Attention over more than one axis.
    """
    for layer in tuple(network.layers.values()):
        if layer.kind == "MultiHeadAttention":
            network = _without(network, layer)
    return network


@dataclass(frozen=True, eq=False)
class _Head:
    """The layers of one head; a name each, so that shared attention shares them."""

    query: Layer
    key: Layer
    value: Layer
    attention: Layer


def _without(network: Network, layer: Layer) -> Network:
    calls = network.calls_of(layer.name)
    if any(len(network.shape(value)) != _SEQUENCE_RANK for call in calls for value in call.inputs):
        raise ModelError(
            f"model {network.name!r} cannot be compressed",
            reasons=(
                f"layer {layer.name!r} (MultiHeadAttention): its inputs have more axes than time"
                " and channels (allowed: shape (steps, channels))",
            ),
            hint="reshape its inputs to (steps, channels)",
        )
    heads = tuple(_heads(network, layer))
    joined = Layer(network.new_name(f"{layer.name}_heads"), "Concatenate", {"axis": -1})
    output = _output(layer)
    made: list[Call] = []
    following = network.new_value()
    for call in network.calls:
        if call not in calls:
            made.append(call)
            continue
        split = tuple(_split_call(network, call, heads, joined, output, following))
        following = max(one.output for one in split) + 1
        made += split
    several = [joined] if len(heads) > 1 else []
    fresh = [one for head in heads for one in (head.query, head.key, head.value, head.attention)]
    layers = {name: one for name, one in network.layers.items() if name != layer.name}
    for one in (*fresh, *several, output):
        layers[one.name] = one
    return replace(network, calls=tuple(made), layers=layers)


def _split_call(
    network: Network,
    call: Call,
    heads: tuple[_Head, ...],
    joined: Layer,
    output: Layer,
    following: int,
) -> Iterator[Call]:
    """The calls in the place of one; their values are numbered from ``following``."""
    query, value, *rest = call.inputs
    key = rest[0] if rest else value
    steps, given = network.shape(query)[0], network.shape(value)[0]
    answers: list[int] = []
    number = following
    for head in heads:
        places = []
        for part, source, length in (
            (head.query, query, steps), (head.value, value, given), (head.key, key, given),
        ):  # fmt: skip
            yield Call(part.name, (source,), number, (length, part.config["units"]))
            places.append(number)
            number += 1
        width = head.value.config["units"]
        yield Call(head.attention.name, tuple(places), number, (steps, width), call.options)
        answers.append(number)
        number += 1
    if len(heads) > 1:
        yield Call(joined.name, tuple(answers), number, (steps, len(heads) * width))
        answers = [number]
    yield Call(output.name, tuple(answers), call.output, call.shape)


def _heads(network: Network, layer: Layer) -> Iterator[_Head]:
    config, weights = layer.config, list(layer.weights)
    each = 2 if config.get("use_bias", True) else 1
    parts = {part: weights[each * place : each * place + each] for place, part in enumerate(_PARTS)}
    rate = config.get("dropout") or 0.0
    for number in range(config["num_heads"]):
        made = {}
        for part, arrays in parts.items():
            # Kernel [inputs, heads, width] and bias [heads, width].
            factor = np.float32(1 / sqrt(config["key_dim"]) if part == "query" else 1)
            of_head = tuple(array[..., number, :] * factor for array in arrays)
            made[part] = _dense(network, layer, f"{part}_{number}", of_head)
        attention = Layer(
            network.new_name(f"{layer.name}_head_{number}"), "Attention",
            {"use_scale": False, "score_mode": "dot", "dropout": rate},
        )  # fmt: skip
        yield _Head(made["query"], made["key"], made["value"], attention)


def _dense(network: Network, layer: Layer, part: str, weights: tuple[Array, ...]) -> Layer:
    return Layer(
        network.new_name(f"{layer.name}_{part}"), "Dense",
        {
            "units": int(weights[0].shape[-1]), "use_bias": len(weights) > 1,
            **{key: layer.config.get(key) for key in _TRAINED_WITH},
        },
        weights, layer.trainable,
    )  # fmt: skip


def _output(layer: Layer) -> Layer:
    """The Dense behind the heads; it has the layer's name, since its output is the layer's."""
    use_bias = layer.config.get("use_bias", True)
    kernel, *bias = layer.weights[-2:] if use_bias else layer.weights[-1:]
    flat = kernel.reshape(kernel.shape[0] * kernel.shape[1], -1)
    return Layer(
        layer.name, "Dense",
        {
            "units": int(flat.shape[-1]), "use_bias": use_bias,
            "activity_regularizer": layer.config.get("activity_regularizer"),
            **{key: layer.config.get(key) for key in _TRAINED_WITH},
        },
        (flat, *(one.reshape(-1) for one in bias)), layer.trainable,
    )  # fmt: skip
