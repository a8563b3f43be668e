"""Masks on channels, trained with the weights against a price of what the gates leave."""

from __future__ import annotations

import numpy as np
import pytest
from support.compression.small_models import accuracy, trained

from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.network import Network
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.options import FineTune
from tinycompress.search.methods.masks import trained_masks

pytestmark = [pytest.mark.tf, pytest.mark.slow]


def _cost(network: Network) -> float:
    return float(macs(network))


def test_masks_meet_falling_targets_and_keep_what_the_network_knows() -> None:
    network, trainer = trained()
    costs, masked = trained_masks(network, trainer, [0.7, 0.45], _cost, epochs=6)
    assert costs.error < 0.05
    whole = macs(network)
    for one, share in zip(masked, (0.7, 0.45), strict=True):
        assert one.expected <= share * whole * 1.001
        assert macs(one.network) == pytest.approx(one.expected, rel=0.1)
        tuned = train_network(
            one.network, trainer, FineTune(epochs=4), None, {}, label="after the masks"
        )
        assert accuracy(tuned, trainer) > accuracy(network, trainer) - 0.1
    again = trained_masks(network, trainer, [0.7], _cost, epochs=6)[1][0]
    kept = masked[0].network.layers
    for name, layer in again.network.layers.items():
        for weight, before in zip(layer.weights, kept[name].weights, strict=True):
            np.testing.assert_array_equal(weight, before)
