"""Convolutions in factors: the same function at full rank, whatever the window, and what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.common import missing
from support.compression.classifier import recipe_of
from support.compression.small_models import NO_TRAINING, trained

from tinycompress import _tf
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.factors.registry import FACTORISATIONS
from tinycompress.compression.network.bridge import build_checked, predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.fitting import require_measurable
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.low_rank import LowRank, low_rank
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf

WINDOWS: tuple[dict[str, Any], ...] = (
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "padding": "same", "strides": 2},
    {"kernel_size": (3, 2), "padding": "valid"},
    {"kernel_size": 3, "padding": "valid", "dilation_rate": 2, "use_bias": False},
)


def needs(method: str) -> None:
    if method in ("tucker", "cp"):
        try:
            import tensorly  # noqa: F401
        except ImportError:
            missing("TensorLy")


def convolution(window: dict[str, Any], method: str) -> Network:
    """Of random weights; for CP of rank 3, which no other rank reaches."""
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((9, 10, 4)),
            keras.layers.Conv2D(5, activation="relu", name="conv", **window),
        ]
    )
    if method == "cp":
        layer = model.get_layer("conv")
        kernel, *bias = layer.get_weights()
        rng = np.random.default_rng(0)
        parts = [rng.normal(size=(size, 3)) for size in kernel.shape]
        layer.set_weights([np.einsum("hr,wr,ir,or->hwio", *parts), *bias])
    return read_network(model)


@pytest.mark.parametrize("method", ["tucker", "cp", "spatial"])
@pytest.mark.parametrize("window", WINDOWS, ids=["same", "strided", "valid", "dilated"])
def test_factors_of_full_rank_compute_the_same(method: Any, window: dict[str, Any]) -> None:
    needs(method)
    network = convolution(window, method)
    (call,) = network.calls
    wish = Wish(energy=1 - 1e-9) if method == "cp" else Wish(ratio=1.0)
    found = FACTORISATIONS[method].run(network, call, wish)
    split = network.replace_call(call, found.chain)
    whole = build_model(network, "tf_keras")
    if method == "cp":
        x = np.random.default_rng(1).normal(size=(4, 9, 10, 4)).astype(np.float32)
        one, other = (predict(m, (x,))[0] for m in (whole, build_model(split, "tf_keras")))
        assert np.abs(one - other).max() < 0.01 * np.abs(one).max()
    else:
        build_checked(split, "tf_keras", whole, what=method)
    again = read_network(build_model(split, "keras"))
    assert [c.shape for c in again.calls] == [c.shape for c in split.calls]
    assert macs(again) == macs(split)


@pytest.mark.parametrize("method", ["spatial", "tucker", "cp"])
def test_the_stage_splits_what_gets_cheaper_and_says_the_ranks(method: Any) -> None:
    needs(method)
    network, trainer = trained()
    options = LowRank(method=method, rank_ratio=0.3, fine_tune=NO_TRAINING)
    state = low_rank(State(network), options, trainer)
    assert macs(state.network) < macs(network)
    assert any("branch: rank" in note for note in state.notes)
    assert not any(note.startswith(("pw", "hidden")) for note in state.notes)
    by_noise = low_rank(State(network), LowRank(method=method, vbmf=True, fine_tune=NO_TRAINING),
                        trainer)  # fmt: skip
    assert any("branch" in note for note in by_noise.notes)


def test_a_chain_stays_where_the_board_takes_less() -> None:
    network, trainer = trained()
    asked = []

    def cost(one: Network, figure: str) -> float:
        asked.append(figure)
        # As if each layer took a microsecond more than its MACs.
        return float(macs(one) / 1e6 + 1000 * len(one.calls)) if figure == "latency_us" else 7.0

    measured = replace(trainer, cost=cost)
    options = LowRank(method="spatial", rank_ratio=0.2, keep="latency", fine_tune=NO_TRAINING)
    state = low_rank(State(network), options, measured)
    assert macs(state.network) == macs(network)
    assert "branch: kept whole;" in " ".join(state.notes)
    assert "would not lower the latency" in " ".join(state.notes)
    assert set(asked) == {"latency_us"}
    flat = replace(trainer, cost=lambda one, figure: float(macs(one)))
    kept = low_rank(State(network), options.model_copy(update={"keep": "flash"}), flat)
    assert "branch_column" in kept.network.layers


def test_what_is_measured_on_a_board_needs_one() -> None:
    stage = {"kind": "low_rank", "method": "spatial", "keep": "flash"}
    with pytest.raises(ConfigError, match=r"keep = 'flash' is measured on a board"):
        require_measurable(recipe_of(stage), trained()[1])
