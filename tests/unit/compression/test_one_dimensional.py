"""Conv1D as Conv2D of height 1: a ReLU that follows stays where TF-MOT looks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinycompress.compression.network.lower import relus_apart
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.network.one_dimensional import as_two_dimensional

CONV = {
    "filters": 4, "kernel_size": 3, "strides": 1, "padding": "same", "use_bias": False,
    "activation": "linear",
}  # fmt: skip


def chain_of(*layers: Layer) -> Network:
    calls = tuple(
        Call(layer.name, (number,), number + 1, (8, 4)) for number, layer in enumerate(layers)
    )
    named = {layer.name: layer for layer in layers}
    return Network("series", (Input("series", (8, 2), 0),), named, calls, (len(layers),))


def conv(**changes: object) -> Layer:
    return Layer("conv", "Conv1D", {**CONV, **changes}, (np.zeros((3, 2, 4), np.float32),))


def kinds(network: Network) -> list[str]:
    return [network.layers[call.layer].kind for call in network.calls]


EXPECTED = ["Reshape", "Conv2D", "ReLU", "Reshape"]


@pytest.mark.parametrize(
    "relu",
    [
        Layer("act", "ReLU", {}),
        Layer("act", "ReLU", {"max_value": 6.0}),
        Layer("act", "Activation", {"activation": "relu6"}),
    ],
)
def test_a_relu_follows_the_convolution_itself(relu: Layer) -> None:
    found = relus_apart(as_two_dimensional(chain_of(conv(), relu)))
    assert kinds(found) == EXPECTED
    assert found.calls[2].layer == "act"
    assert found.calls[2].shape == (1, 8, 4)
    assert found.shape(found.outputs[0]) == (8, 4)


def test_a_relu_written_into_the_convolution_does_so_too() -> None:
    assert kinds(relus_apart(as_two_dimensional(chain_of(conv(activation="relu"))))) == EXPECTED


def test_a_relu_after_another_activation_stays_where_it_is() -> None:
    found = as_two_dimensional(chain_of(conv(activation="tanh"), Layer("act", "ReLU", {})))
    assert kinds(found) == ["Reshape", "Conv2D", "Reshape", "ReLU"]


def test_an_output_that_others_read_has_no_relu_of_its_own() -> None:
    plain = chain_of(conv(), Layer("act", "ReLU", {}))
    found = as_two_dimensional(replace(plain, outputs=(1, 2)))
    assert kinds(found) == ["Reshape", "Conv2D", "Reshape", "ReLU"]


def test_a_shared_relu_is_taken_along_once_for_each_convolution() -> None:
    second = replace(conv(), name="second", weights=(np.zeros((3, 4, 4), np.float32),))
    network = chain_of(conv(), Layer("act", "ReLU", {}), second)
    again = Call("act", (3,), 4, (8, 4))
    network = replace(network, calls=(*network.calls, again), outputs=(4,))
    found = as_two_dimensional(network)
    assert kinds(found) == EXPECTED * 2
    assert [call.layer for call in found.calls if call.layer == "act"] == ["act", "act"]
