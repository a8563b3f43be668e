"""Stage prune_channels and low_rank: shapes follow, and dead channels leave without a trace."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import get_args

import numpy as np
import pytest
from support.compression.small_models import NO_TRAINING, convolutional, stripes

from tinycompress import _tf
from tinycompress.compression.criteria.channels import Importance
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.factors.svd import halves
from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.channels import couple_channels, without_channels
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.low_rank import LowRank, low_rank
from tinycompress.compression.stages.prune_channels import PruneChannels, prune_channels
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf


def randomized(network: Network) -> Network:
    generator = np.random.default_rng(0)
    return network.with_layers(
        replace(
            layer,
            weights=tuple(
                generator.uniform(0.1, 0.6, w.shape).astype(np.float32) for w in layer.weights
            ),
        )
        for layer in network.layers.values()
    )


@cache
def case() -> tuple[Network, Trainer]:
    network = randomized(lower(read_network(convolutional())))
    x, y = stripes(64)
    data = Data((x,), (y,))
    return network, Trainer(data, data, tasks_of(network, data))


def silenced(network: Network, removed: frozenset[int]) -> Network:
    """The network with channels that put out nothing, wherever they are made or shifted."""
    channels = couple_channels(network)
    changed: list[Layer] = []
    for call in network.calls:
        layer = network.layers[call.layer]
        if not layer.weights:
            continue
        dead = np.isin(channels.of_value[call.output], sorted(removed))
        weights = [w.copy() for w in layer.weights]
        if layer.kind == "BatchNormalization":
            for weight in weights[:2]:
                weight[dead] = 0.0
        elif layer.kind.startswith("Depthwise"):
            weights[0][:, :, dead] = 0.0
            weights[1][dead] = 0.0
        else:
            weights[0][..., dead] = 0.0
            for bias in weights[1:]:
                bias[dead] = 0.0
        changed.append(replace(layer, weights=tuple(weights)))
    return network.with_layers(changed)


def test_channels_that_put_out_nothing_leave_without_a_trace() -> None:
    network, _ = case()
    channels = couple_channels(network)
    removed = frozenset(
        int(channel) for _, free in channels.families() for channel in free[1 : free.size // 2]
    )
    assert len(removed) > 10
    dead = silenced(network, removed)
    thin = without_channels(dead, channels, removed)
    assert macs(thin) < 0.6 * macs(dead)
    build_checked(thin, "tf_keras", build_model(dead, "tf_keras"), what="thinning")
    build_checked(thin, "keras", build_model(dead, "keras"), what="thinning")


def test_coupling_of_the_residual_network() -> None:
    network, _ = case()
    families = {frozenset(names) for names, _ in couple_channels(network).families()}
    assert families == {frozenset({"stem"}), frozenset({"pw", "branch"}), frozenset({"hidden"})}


def test_shared_layers_groups_and_softmax_are_coupled_or_fixed() -> None:
    keras = _tf.keras()
    layers = keras.layers
    source = layers.Input((8, 8, 4))
    one = layers.Conv2D(4, 3, padding="same", name="one")(source)
    two = layers.Conv2D(4, 3, padding="same", name="two")(source)
    shared = layers.Conv2D(6, 1, name="shared")
    x = layers.Subtract()([shared(one), shared(two)])
    x = layers.Conv2D(6, 3, groups=2, name="grouped")(x)
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Conv2D(5, 1, activation="relu", name="after")(x)
    x = layers.Softmax()(layers.Conv2D(4, 1, name="before_softmax")(x))
    x = layers.Dense(3)(layers.Reshape((-1,))(x))
    network = randomized(read_network(keras.Model(source, x)))
    families = {frozenset(names) for names, _ in couple_channels(network).families()}
    assert families == {frozenset({"one", "two"}), frozenset({"after"})}
    removed = frozenset(int(free[0]) for _, free in couple_channels(network).families())
    dead = silenced(network, removed)
    thin = without_channels(dead, couple_channels(dead), removed)
    build_checked(thin, "tf_keras", build_model(dead, "tf_keras"), what="thinning")


@pytest.mark.parametrize("importance", get_args(Importance))
def test_every_importance_meets_a_budget_of_macs(importance: str) -> None:
    network, trainer = case()
    options = PruneChannels.model_validate(
        {"importance": importance, "target": "macs", "ratio": 0.4, "scope": "global",
         "fine_tune": {"epochs": 0}}
    )  # fmt: skip
    state = prune_channels(State(network), options, trainer)
    assert 0.3 * macs(network) < macs(state.network) <= 0.6 * macs(network)
    built = read_network(build_model(state.network, "tf_keras"))
    assert [call.shape for call in built.calls] == [call.shape for call in state.network.calls]


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_channel_counts_are_rounded(scope: str) -> None:
    network, trainer = case()
    options = PruneChannels.model_validate(
        {"ratio": 0.4, "scope": scope, "multiple": 4, "min_channels": 4, "fine_tune": {"epochs": 0}}
    )
    thin = prune_channels(State(network), options, trainer).network
    for name in ("stem", "pw", "branch", "hidden"):
        width = thin.layers[name].weights[0].shape[-1]
        assert width % 4 == 0
        assert width >= 4


@pytest.mark.parametrize(("liked", "widths"), [(1, (4, 8, 6)), (4, (4, 8, 8)), (16, (4, 8, 8))])
def test_channel_counts_are_what_the_kernels_like(liked: int, widths: tuple[int, ...]) -> None:
    network, trainer = case()
    options = PruneChannels(ratio=0.5, fine_tune=NO_TRAINING)
    thin = prune_channels(State(network), options, replace(trainer, channel_multiple=liked)).network
    names = ("stem", "pw", "hidden")
    assert tuple(thin.layers[name].weights[0].shape[-1] for name in names) == widths


def test_least_important_channels_go() -> None:
    network, trainer = case()
    layer = network.layers["hidden"]
    kernel = layer.weights[0].copy()
    kernel[:, [2, 5, 7]] *= 0.01
    weak = network.with_layers([replace(layer, weights=(kernel, *layer.weights[1:]))])
    options = PruneChannels(ratio=0.25, skip=("stem", "pw"), fine_tune=NO_TRAINING)
    thin = prune_channels(State(weak), options, trainer).network
    np.testing.assert_array_equal(
        thin.layers["hidden"].weights[0], np.delete(kernel, [2, 5, 7], axis=1)
    )


def test_budget_that_cannot_be_met_names_the_nearest() -> None:
    network, trainer = case()
    options = PruneChannels(target="macs", ratio=0.95, min_channels=8, fine_tune=NO_TRAINING)
    with pytest.raises(ConfigError, match=r"cannot be met; the nearest that can is [\d,]+ MACs"):
        prune_channels(State(network), options, trainer)


def test_low_rank_lowers_macs_and_keeps_an_exact_product() -> None:
    network, trainer = case()
    layer = network.layers["hidden"]
    generator = np.random.default_rng(2)
    inputs = layer.weights[0].shape[0]
    product = generator.normal(size=(inputs, 2)) @ generator.normal(size=(2, 12))
    exact = network.with_layers(
        [replace(layer, weights=(product.astype(np.float32), layer.weights[1]))]
    )
    options = LowRank(energy=0.9999, skip=("pw", "out"), fine_tune=NO_TRAINING)
    split = low_rank(State(exact), options, trainer)
    assert split.network.layers["hidden_low_rank"].config["units"] == 2
    assert macs(split.network) < macs(exact)
    build_checked(split.network, "tf_keras", build_model(exact, "tf_keras"), what="SVD")


def test_low_rank_keeps_a_budget_of_macs() -> None:
    network, trainer = case()
    budget = int(0.97 * macs(network))
    options = LowRank(macs_budget=budget, fine_tune=NO_TRAINING)
    thin = low_rank(State(network), options, trainer).network
    assert 0.9 * budget < macs(thin) <= budget
    with pytest.raises(ConfigError, match=r"of 10 MACs .* the nearest that can is [\d,]+ of"):
        low_rank(State(network), options.model_copy(update={"macs_budget": 10}), trainer)
    with pytest.raises(ValueError, match="energy and macs_budget exclude each other"):
        LowRank(energy=0.5, macs_budget=budget)


def test_factors_keep_the_energy_that_is_asked_for() -> None:
    matrix = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32)
    left, right = halves(matrix, LowRank(energy=0.8).wish.rank(matrix))
    error = np.sum((matrix - left @ right) ** 2) / np.sum(matrix**2)
    assert error <= 0.2
    smaller = left[:, :-1] @ right[:-1]
    assert np.sum((matrix - smaller) ** 2) / np.sum(matrix**2) > 0.2
    assert LowRank(rank_ratio=0.35).wish.rank(matrix) == 4


@pytest.mark.parametrize(("target", "figure"), [("ram", "ram_bytes"), ("latency", "latency_us")])
def test_figures_of_the_board_are_a_target(target: str, figure: str) -> None:
    network, trainer = case()
    asked: list[str] = []
    told: list[str] = []
    seen: list[tuple[int, int]] = []

    def cost(thin: Network, name: str) -> float:
        asked.append(name)
        return 1000.0 + macs(thin)

    measured = replace(
        trainer, cost=cost, say=told.append,
        progress=lambda stage, done=0, total=0: seen.append((done, total)),
    )  # fmt: skip
    budget = 1000.0 + 0.6 * macs(network)
    options = PruneChannels.model_validate(
        {"target": target, "budget": budget, "fine_tune": {"epochs": 0}}
    )
    thin = prune_channels(State(network), options, measured).network
    assert budget - 0.15 * macs(network) < 1000 + macs(thin) <= budget
    assert set(asked) == {figure}
    assert len(asked) <= 10
    assert seen == [*((done, 10) for done in range(len(asked) + 1)), (10, 10)]
    unit = {"ram": "bytes of RAM", "latency": "us"}[target]
    limit = f"the limit of {budget:,.0f}"
    whole = f"without 0 channels: {1000 + macs(network):,} {unit}; above {limit}"
    assert told[0] == f"prune_channels: trial 1, {whole}"
    assert len(told) == len(asked)
    assert any(f"{1000 + macs(thin):,} {unit}; within {limit}" in line for line in told)
    unmeetable = options.model_copy(update={"budget": 1001.0})
    with pytest.raises(ConfigError, match=r"at most 1,001 .* cannot be met; the nearest that can"):
        prune_channels(State(network), unmeetable, measured)


def test_a_share_of_what_does_not_fit_is_unknown() -> None:
    network, trainer = case()
    measured = replace(trainer, cost=lambda thin, name: float("inf"))
    options = PruneChannels(target="ram", ratio=0.3, fine_tune=NO_TRAINING)
    with pytest.raises(ConfigError, match="a share of what it takes is not known"):
        prune_channels(State(network), options, measured)


def test_layers_have_ratios_of_their_own() -> None:
    network, trainer = case()
    channels = couple_channels(network)
    (first, _), *others = sorted(channels.families(), key=lambda family: sorted(family[0]))
    name = sorted(first)[0]
    whole = {sorted(members)[0]: 0.0 for members, _ in others}
    options = PruneChannels(layer_ratio={name: 0.5, **whole}, multiple=1, fine_tune=NO_TRAINING)
    thin = prune_channels(State(network), options, trainer).network
    for layer in network.layers.values():
        if layer.name not in channels.of_layer:
            continue
        before, after = (n.layers[layer.name].weights[0].shape[-1] for n in (network, thin))
        assert after == (before // 2 if layer.name in first else before), layer.name
    with pytest.raises(ValueError, match="layer_ratio goes with target = 'ratio'"):
        PruneChannels(layer_ratio={name: 0.5}, scope="global")
