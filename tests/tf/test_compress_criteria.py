"""Pruning by criteria on real networks: gradients with known answers, rounds, rewinding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
from support.compression.classifier import trainer_of
from support.compression.small_models import accuracy, trained

from tinycompress import _tf
from tinycompress.compression.checks.promises import broken_promises, masked
from tinycompress.compression.criteria.channels import CHANNELS
from tinycompress.compression.criteria.gdp import gdp
from tinycompress.compression.criteria.gradients import movement, snip
from tinycompress.compression.criteria.weights import WeightCriterion
from tinycompress.compression.network.kernels import sparsity, with_kernel
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.prune import Prune, prune
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.options import FineTune

pytestmark = pytest.mark.tf
Array = npt.NDArray[Any]
ONE_EPOCH = {"epochs": 1, "batch_size": 64}


def linear(kernel: Array) -> Network:
    keras = _tf.keras()
    model = keras.Sequential(
        [keras.Input((kernel.shape[0],)), keras.layers.Dense(kernel.shape[1], name="w")]
    )
    model.set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
    return read_network(model)


def test_snip_is_weight_times_gradient_and_sums_to_one() -> None:
    """The mean of (xW - y)^2 over two outputs has the gradient x'(xW - y) over the samples."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(32, 3)), rng.normal(size=(3, 2)).astype(np.float32)
    y = rng.normal(size=(32, 2)).astype(np.float32)
    network = linear(kernel)
    found = snip(network, ("w",), trainer_of(network, x.astype(np.float32), y), 32)["w"]
    wanted = np.abs(kernel * (x.T @ (x @ kernel - y)))
    np.testing.assert_allclose(found, wanted / wanted.sum(), rtol=1e-4)


def test_movement_tells_weights_that_grow_from_those_that_shrink() -> None:
    """The task wants the first weight twice as large, and the second, larger one, to be zero."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 2)).astype(np.float32)
    network = linear(np.array([[1.0], [3.0]], np.float32))
    found = movement(network, ("w",), trainer_of(network, x, 2 * x[:, :1]), 256)["w"]
    assert found[0, 0] > 0 > found[1, 0]


def stage(**options: Any) -> tuple[Network, Network]:
    network, trainer = trained()
    options = {"sparsity": 0.6, "fine_tune": ONE_EPOCH, "samples": 128, **options}
    state = prune(State(network), Prune.model_validate(options), trainer)
    assert broken_promises(state.network, state.promises) == ()
    return network, state.network


@pytest.mark.slow
@pytest.mark.parametrize("criterion", [c for c in get_args(WeightCriterion) if c != "magnitude"])
@pytest.mark.parametrize("scope", ["layer", "global"])
def test_every_criterion_makes_so_many_zeros(criterion: str, scope: str) -> None:
    before, after = stage(criterion=criterion, scope=scope, rounds=2)
    names = ("stem", "pw", "branch", "hidden", "out")
    kernels = [after.layers[name].weights[0] for name in names]
    total = sum(kernel.size for kernel in kernels)
    zeros = sum(int(np.sum(kernel == 0)) for kernel in kernels)
    assert zeros == pytest.approx(0.6 * total, abs=len(names))
    if scope == "layer":
        for kernel in kernels:
            assert sparsity(kernel) == pytest.approx(0.6, abs=0.6 / kernel.size + 1e-6)
    assert sparsity(before.layers["pw"].weights[0]) == 0.0


def test_what_the_loss_feels_is_worth_more_than_chance() -> None:
    _, trainer = trained()
    scores = {
        criterion: accuracy(stage(criterion=criterion, fine_tune={"epochs": 0})[1], trainer)
        for criterion in ("snip", "random")
    }
    assert scores["snip"] > scores["random"]


def test_gates_shut_what_the_loss_does_not_need_and_coupled_channels_share_one() -> None:
    """Of four hidden neurons the last two reach nothing."""
    rng = np.random.default_rng(0)
    keras = _tf.keras()
    layers = keras.layers
    hidden, out = layers.Dense(4, name="hidden", use_bias=False), layers.Dense(2, name="out")
    model = keras.Sequential([keras.Input((2,)), hidden, out])
    hidden.set_weights([np.array([[1, 0, 1, 0], [0, 1, 0, 1]], np.float32)])
    out.set_weights([np.array([[1, 0], [0, 1], [0, 0], [0, 0]], np.float32), np.zeros(2)])
    x = (3 * rng.normal(size=(256, 2))).astype(np.float32)
    network = read_network(model)
    scores = gdp(network, ("hidden",), trainer_of(network, x, x), 256)["hidden"]
    assert scores[:2].min() > 4 * scores[2:].max()
    network, trainer = trained()
    found = gdp(network, ("branch", "pw"), trainer, 64)
    np.testing.assert_array_equal(found["branch"], found["pw"])
    again = gdp(network, ("branch", "pw"), trainer, 64)
    np.testing.assert_array_equal(found["pw"], again["pw"])


@pytest.mark.slow
@pytest.mark.parametrize("rewind", ["weights", "learning_rate"])
def test_a_ticket_is_trained_from_where_the_stage_began_or_from_where_it_is(rewind: str) -> None:
    """One round by hand: train, mask by what came out, go back with weights or not, train."""
    network, trainer = trained()
    names = ("stem", "pw", "branch", "hidden", "out")
    falling = {**ONE_EPOCH, "decay": "cosine"}
    tune = FineTune.model_validate(falling)

    def masks(of: Network) -> dict[str, Any]:
        return {name: masked(of.layers[name].weights[0] != 0) for name in names}

    grown = train_network(network, trainer, tune, None, masks(network), label="grow")
    ticket = early = network if rewind == "weights" else grown
    for name in names:
        kernel = grown.layers[name].weights[0]
        cut = np.sort(np.abs(kernel).ravel())[kernel.size - round(0.4 * kernel.size)]
        keep = np.abs(kernel) >= cut
        ticket = ticket.with_layers(
            [with_kernel(early.layers[name], early.layers[name].weights[0] * keep)]
        )
    wanted = train_network(ticket, trainer, tune, None, masks(ticket), label="ticket")
    _, found = stage(rewind=rewind, fine_tune=falling)
    for name in names:
        np.testing.assert_array_equal(found.layers[name].weights[0], wanted.layers[name].weights[0])


def test_zeros_of_an_earlier_round_stay() -> None:
    network, trainer = trained()
    options = {"fine_tune": ONE_EPOCH, "criterion": "random", "rounds": 1}
    first = prune(State(network), Prune.model_validate({**options, "sparsity": 0.3}), trainer)
    more = Prune.model_validate({**options, "sparsity": 0.6})
    second = prune(first, more, replace(trainer, seed=9))
    for name in ("pw", "branch"):
        gone = first.network.layers[name].weights[0] == 0
        assert not second.network.layers[name].weights[0][gone].any()


def test_hrank_leaves_out_what_has_no_maps() -> None:
    network, trainer = trained()
    found = CHANNELS["hrank"](network, ("stem", "hidden"), trainer, 32)
    assert set(found) == {"stem"}
    assert found["stem"].shape == (8,)
    assert 0 <= found["stem"].min() <= found["stem"].max() <= 12
