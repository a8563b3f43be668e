"""Recurrent layers in a recipe: units, zeros and shared values, in the int8 file too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe, trainer_of

import tinycompress
from tinycompress import _tf
from tinycompress.compression.checks.stored_kernels import StoredKernel, match_kernels
from tinycompress.compression.criteria.channels import CHANNELS
from tinycompress.compression.criteria.weights import WEIGHTS
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.channels import couple_channels, without_channels
from tinycompress.compression.network.kernels import GATES, kernel_of, with_kernel
from tinycompress.compression.network.network import Layer, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.network.variables import KernelVariable
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SimpleRNN", {}),
    ("GRU", {}),
    ("GRU", {"reset_after": False}),
    ("LSTM", {}),
    ("LSTM", {"return_sequences": True, "go_backwards": True, "use_bias": False}),
)
STEPS, AXES, UNITS = 6, 4, 12
X = np.random.default_rng(3).normal(size=(240, STEPS, AXES)).astype(np.float32)
CLASSES = (X[:, :, 0].sum(axis=1) > 0).astype(np.int64) + (X[:, -1, 1] > 0)
TUNE = {"epochs": 2, "learning_rate": 0.01}


def sequences(kind: str, **options: Any) -> Any:
    """Channels from a Dense, through a recurrent layer and to another Dense."""
    keras = _tf.keras()
    keras.utils.set_random_seed(4)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((STEPS, AXES)),
            layers.Dense(8, activation="relu", name="before"),
            getattr(layers, kind)(UNITS, name="steps", **options),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )


def silenced(layer: Layer, unit: int) -> Layer:
    """The layer with a unit that is told nothing: its state stays 0."""
    gates = GATES[layer.kind]
    weights = [
        np.where(np.arange(w.shape[-1]) % (w.shape[-1] // gates) == unit, 0, w)
        for w in layer.weights
    ]
    return Layer(layer.name, layer.kind, layer.config, tuple(weights))


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_a_unit_goes_with_its_gates_its_state_and_what_reads_it(
    kind: str, options: dict[str, Any]
) -> None:
    network = read_network(sequences(kind, **options))
    network = network.with_layers([silenced(network.layers["steps"], 5)])
    channels = couple_channels(network)
    thin = without_channels(network, channels, frozenset([int(channels.of_layer["steps"][5])]))
    assert thin.layers["steps"].config["units"] == UNITS - 1
    assert thin.layers["steps"].weights[1].shape == (UNITS - 1, GATES[kind] * (UNITS - 1))
    (whole,) = predict(build_model(network, "tf_keras"), (X,))
    (less,) = predict(build_model(thin, "keras"), (X,))
    np.testing.assert_allclose(less, whole, atol=1e-5)


def test_what_a_recurrent_layer_reads_can_go_too() -> None:
    network = read_network(sequences("GRU"))
    channels = couple_channels(network)
    gone = frozenset(int(atom) for atom in channels.of_layer["before"][[0, 3]])
    thin = without_channels(network, channels, gone)
    assert thin.layers["before"].weights[0].shape == (AXES, 6)
    assert thin.layers["steps"].weights[0].shape == (6, 3 * UNITS)
    assert predict(build_model(thin, "keras"), (X,))[0].shape == (len(X), 3)


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_the_kernel_of_a_layer_is_both_of_its_kernels(kind: str, options: dict[str, Any]) -> None:
    network = read_network(sequences(kind, **options))
    layer = network.layers["steps"]
    changed = np.arange(kernel_of(layer).size).reshape(kernel_of(layer).shape)
    variable = KernelVariable(build_model(network, "tf_keras").get_layer("steps"))
    np.testing.assert_array_equal(variable.numpy(), kernel_of(layer))
    variable.assign(changed)
    np.testing.assert_array_equal(variable.numpy(), kernel_of(with_kernel(layer, changed)))
    np.testing.assert_array_equal(with_kernel(layer, changed).weights[1], changed[8:])


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_criteria_score_units_and_weights(kind: str) -> None:
    network = read_network(sequences(kind))
    trainer = trainer_of(network, X, CLASSES)
    known = {name: score(network, ("steps",), trainer, 32) for name, score in CHANNELS.items()}
    assert {name for name, scores in known.items() if "steps" not in scores} <= {
        "bn_gamma", "hrank",
    }  # fmt: skip
    assert {scores["steps"].shape for scores in known.values() if "steps" in scores} == {(UNITS,)}
    shape = kernel_of(network.layers["steps"]).shape
    for score in WEIGHTS.values():
        assert score(network, ("steps",), trainer, 32)["steps"].shape == shape


def stored(result: Any) -> tuple[StoredKernel, Network]:
    """The recurrent kernel in the int8 file, and the network that it was made from."""
    network = read_network(result.model)
    found = match_kernels(read_model(result.tflite).main, network)
    return next(one for one in found if one.layer.name == "steps"), network


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=str)
def test_zeros_and_shared_values_are_in_the_file(kind: str, options: dict[str, Any]) -> None:
    result = tinycompress.compress(
        sequences(kind, **options),
        recipe(
            {"kind": "prune", "sparsity": 0.6, "fine_tune": TUNE},
            {"kind": "cluster", "clusters": 6, "shared": True, "fine_tune": TUNE},
        ),
        (X, CLASSES),
    )
    kernel, network = stored(result)
    assert np.mean(kernel.integers == 0) >= 0.6 - 1 / kernel.integers.size
    np.testing.assert_array_equal(kernel.integers == 0, kernel_of(network.layers["steps"]) == 0)
    assert 2 < kernel.distinct <= 6
    (fact,) = (one for one in result.rows[-1].kernels if one.layer == "steps")
    assert (fact.distinct, fact.zeros) == (kernel.distinct, int(np.sum(kernel.integers == 0)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        ("GRU", {"kind": "prune_channels", "ratio": 0.5}),
        ("LSTM", {"kind": "prune_channels", "ratio": 0.5}),
        ("GRU", {"kind": "cluster", "clusters": 4, "shared": True}),
        ("GRU", {"kind": "prune", "sparsity": 0.9}),
    ],
    ids=lambda x: x if isinstance(x, str) else str(x["kind"]),
)
def test_what_is_flashed_shrinks(kind: str, stage: dict[str, Any], tmp_path: Path) -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((STEPS, AXES)),
            getattr(keras.layers, kind)(64, name="steps"),
            keras.layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    plain = tmp_path / "model.keras"
    model.save(plain)
    result = tinycompress.compress(model, recipe({**stage, "fine_tune": TUNE}), (X, CLASSES))
    small = tmp_path / "small.tflite"
    small.write_bytes(result.tflite)
    np.savez(tmp_path / "x.npz", x=X)

    def flash(source: Path, **more: Any) -> int:
        built = tinycompress.build(source, board="nano33", output=tmp_path / source.stem, **more)
        assert built.firmware is not None
        return built.firmware.flash.total_bytes

    before = flash(plain, data=tmp_path / "x.npz", optimize="flash")
    # Decoding takes more time than the few products of a step: a budget asks for it.
    budget = stage["kind"] == "cluster"
    wish = {"flash_budget_bytes": 20_000} if budget else {"optimize": "flash"}
    assert flash(small, **wish) < before - 2000
