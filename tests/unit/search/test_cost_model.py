"""The cost of thinned networks as a sum over layers, and the targets that masks are trained for."""

from __future__ import annotations

import numpy as np
import pytest
from support.search.networks import small_network

from tinycompress.compression.network.channels import couple_channels
from tinycompress.compression.network.kernels import macs_of_layer
from tinycompress.compression.network.network import Network
from tinycompress.search.methods.cost_model import Family, as_table, fitted, terms_of
from tinycompress.search.methods.masks import shares_for

NETWORK = small_network()
CHANNELS = couple_channels(NETWORK)
FAMILIES = [
    Family(free, NETWORK.layers[min(names)].weights[0].shape[-1], 4)
    for names, free in CHANNELS.families()
]


def board(network: Network) -> float:
    """Cycles of a made-up board: so many a multiplication, by layer, and some for nothing."""
    rates = {"stem": 9.0, "point": 2.0, "out": 4.0}
    layers = network.layers
    return 5000.0 + sum(r * macs_of_layer(network, layers[n]) for n, r in rates.items())


def test_what_is_a_sum_over_layers_is_found_exactly() -> None:
    model = fitted(NETWORK, CHANNELS, FAMILIES, board)
    assert model.error < 1e-6
    whole = {n: macs_of_layer(NETWORK, NETWORK.layers[n]) for n in ("stem", "point", "out")}
    assert model.table() == pytest.approx(
        {"stem": 9.0 * whole["stem"], "point": 2.0 * whole["point"], "out": 4.0 * whole["out"]},
        rel=1e-3,
    )
    assert model.of(frozenset()) == pytest.approx(board(NETWORK))
    some = frozenset(int(channel) for family in FAMILIES for channel in family.free[:4])
    shares = (1 - 4 / 16, (1 - 4 / 16) * (1 - 4 / 32), 1 - 4 / 32)
    expected = 5000.0 + sum(s * c for s, c in zip(shares, model.table().values(), strict=True))
    assert model.of(some) == pytest.approx(expected, rel=1e-3)


def test_what_is_no_such_sum_is_told_by_its_error() -> None:
    draw = np.random.default_rng(0)
    model = fitted(NETWORK, CHANNELS, FAMILIES, lambda n: board(n) * (1 + 0.2 * draw.random()))
    assert 0.01 < model.error < 0.3
    assert as_table(model)["off_by_at_most"] == model.error


def test_every_layer_with_a_kernel_has_a_term() -> None:
    assert [term.layer for term in terms_of(NETWORK, CHANNELS)] == ["stem", "point", "out"]


def test_targets_are_a_bit_within_the_limit_or_fall() -> None:
    whole = {"latency_us": 200.0}
    assert shares_for(whole, {"latency_us": 100.0}, "latency_us") == pytest.approx(
        [0.49, 0.46, 0.425]
    )
    falling = shares_for(whole, {"latency_us": 300.0}, "latency_us")
    assert falling == sorted(falling, reverse=True)
    assert falling[0] < 1.0


def test_thinned_networks_keep_the_multiple_that_the_kernels_like() -> None:
    seen: list[int] = []

    def count(network: Network) -> float:
        seen.extend(network.layers[name].weights[0].shape[-1] for name in ("stem", "point"))
        return board(network)

    fitted(NETWORK, CHANNELS, FAMILIES, count)
    assert all(channels % 4 == 0 for channels in seen)
    assert {4, 8, 12, 16, 24, 32} <= set(seen)
