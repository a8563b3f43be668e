"""Before rounding: equalised and split channels compute the same; rounded integers stay."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import recipe_of
from support.compression.runs import run
from support.compression.small_models import trained

from tinycompress import _tf
from tinycompress.compression.checks.invariants import check_int8
from tinycompress.compression.checks.promises import (
    GridPromise,
    Promises,
    RoundedPromise,
    broken_promises,
    projections,
)
from tinycompress.compression.checks.same_function import require_same_function
from tinycompress.compression.checks.stored_kernels import match_kernels
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import (
    SCALED_ALIKE,
    file_integers,
    file_scales,
    grid_integers,
    with_int8,
)
from tinycompress.compression.network.kernels import has_kernel, kernel_layers, with_kernel
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.training.trainer import Trainer
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf
EVERY_SCALING = pytest.mark.parametrize("per_tensor", [False, True])


@cache
def unequal() -> tuple[Network, Trainer]:
    """The small trained network, its channels of sizes from 1/32 to 32, computing the same."""
    network, trainer = trained()
    folded = fold_batch_norms(network)
    factors = 2.0 ** np.resize([5, -5, 0, 3, -2], 16)
    stem, dw = folded.layers["stem"], folded.layers["dw"]
    kernel, bias = stem.weights
    changed = replace(stem, weights=((kernel * factors[:8]).astype(np.float32), bias * factors[:8]))
    back = with_kernel(dw, dw.weights[0] / factors[:8][:, None])
    # What the max pool hands on of the stem goes to the hidden layer.
    hidden = folded.layers["hidden"]
    taken = np.tile(np.concatenate([np.ones(16), factors[:8]]), hidden.weights[0].shape[0] // 24)
    undone = with_kernel(hidden, hidden.weights[0] / taken[:, None])
    return folded.with_layers([changed, back, undone]), trainer


def after(network: Network, trainer: Trainer, *stages: dict[str, Any], **more: Any) -> State:
    state = State(network)
    for options in recipe_of(*stages).steps:
        state = run_stage(state, options, replace(trainer, **more))
    return state


def exported(network: Network, trainer: Trainer, *, per_tensor: bool) -> bytes:
    options = ConvertOptions(per_tensor_weights=per_tensor)
    x = trainer.train.inputs[0][:100]
    return convert_model(build_model(network, "tf_keras"), {"x": x}, options=options).tflite


def stored(network: Network, tflite: bytes) -> dict[str, Array]:
    """The file's integers of every kernel, sorted."""
    matched = match_kernels(read_model(tflite).main, network)
    return {one.layer.name: np.sort(one.integers.reshape(-1)) for one in matched}


def rounding_error(network: Network, trainer: Trainer, reference: Network) -> float:
    """Squared error of the outputs with weights of one scale for each layer."""
    rounded = network.with_layers(
        with_kernel(layer, with_int8(layer.weights[0], layer.kind, per_tensor=True))
        for layer in kernel_layers(network)
    )
    x = (trainer.train.inputs[0][:200],)
    wanted, found = (predict(build_model(one, "tf_keras"), x)[0] for one in (reference, rounded))
    return float(np.sum((wanted - found) ** 2))


def test_the_unequal_network_is_the_trained_one() -> None:
    network, trainer = unequal()
    require_same_function(fold_batch_norms(trained()[0]), network, trainer.train, stage="test")


def test_equalised_channels_compute_the_same_and_round_better() -> None:
    network, trainer = unequal()
    done = after(network, trainer, {"kind": "equalize"})
    assert require_same_function(network, done.network, trainer.train, stage="test") < 1e-5
    (note,) = done.notes
    assert "channels between layers" in note
    before = rounding_error(network, trainer, network)
    assert rounding_error(done.network, trainer, network) < 0.25 * before
    # Where one kernel makes a channel and one reads it, both have the same largest weight.
    pw, branch = (done.network.layers[name].weights[0] for name in ("dw", "pw"))
    np.testing.assert_allclose(
        np.abs(pw).max(axis=(0, 1, 3)), np.abs(branch).max(axis=(0, 1, 3)), rtol=0.05
    )


def test_layers_that_are_skipped_and_what_bends_stay() -> None:
    network, trainer = unequal()
    done = after(network, trainer, {"kind": "equalize", "skip": ["dw"]})
    assert not np.array_equal(
        done.network.layers["branch"].weights[0], network.layers["branch"].weights[0]
    )
    for name in ("stem", "dw"):
        for one, other in zip(
            done.network.layers[name].weights, network.layers[name].weights, strict=True
        ):
            np.testing.assert_array_equal(one, other)
    bent = network.with_layers(
        replace(layer, kind="ReLU", config={"max_value": 6.0})
        for layer in network.layers.values()
        if layer.kind == "ReLU"
    ).with_layers([network.layers["hidden"].with_config(activation="sigmoid")])
    with pytest.raises(ConfigError, match="no channel between two layers can be scaled"):
        after(bent, trainer, {"kind": "equalize", "skip": ["branch"]})


@EVERY_SCALING
def test_split_channels_compute_the_same_and_their_integers_add_up(per_tensor: bool) -> None:
    network, trainer = unequal()
    stage = {"kind": "split_outliers", "ratio": 0.2}
    done = after(network, trainer, stage, per_tensor_weights=per_tensor).network
    assert require_same_function(network, done, trainer.train, stage="test") < 1e-5
    assert done.parameters > network.parameters
    tflite = exported(done, trainer, per_tensor=per_tensor)
    integers = stored(done, tflite)
    split = 0
    for name, axis in (("pw", 2), ("branch", 2), ("hidden", 0), ("out", 0)):
        layer, narrow = done.layers[name], network.layers[name]
        assert np.abs(integers[name]).max() == 127
        mine = file_integers(layer.weights[0], layer.kind, per_tensor=per_tensor)
        assert np.array_equal(np.sort(mine.reshape(-1)), integers[name]), name
        split += layer.weights[0].shape[axis] - narrow.weights[0].shape[axis]
        now, before = (
            file_scales(one.weights[0], one.kind, per_tensor=per_tensor) for one in (layer, narrow)
        )
        assert now.max() <= before.max()
    assert split >= 4


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_shares_of_an_integer_add_up_exactly(copies: int) -> None:
    """floor((n + j) / k), whatever rounding leaves of the weight; none is beyond 127."""
    from tinycompress.compression.network.network import Layer
    from tinycompress.compression.stages.split_outliers import _largest, _Reader, _shares

    rng = np.random.default_rng(copies)
    kernel = rng.normal(size=(6, 40)).astype(np.float32)
    kernel[2] *= 40.0
    layer = Layer("fc", "Dense", {"units": 40}, (kernel,))
    reader = _Reader(layer, np.arange(6), _largest(layer, per_tensor=False))
    number = {2: copies}
    wide = np.repeat(kernel, [1, 1, copies, 1, 1, 1], axis=0)
    shares = _shares(reader, number, wide, np.arange(40)).astype(np.float32)
    (scale,) = reader.scales(number)
    assert file_scales(shares, "Dense")[0] == pytest.approx(scale, rel=1e-6)
    integers = file_integers(shares, "Dense").reshape(shares.shape)
    assert np.abs(integers).max() == 127
    parts = integers[2 : 2 + copies]
    np.testing.assert_array_equal(parts.sum(axis=0), np.rint(kernel[2].astype(float) / scale))
    assert np.ptp(parts, axis=0).max() <= 1
    np.testing.assert_allclose(shares[2 : 2 + copies].sum(axis=0), kernel[2], rtol=1e-5)


@EVERY_SCALING
def test_corrected_biases_bring_the_means_back(per_tensor: bool) -> None:
    network, trainer = unequal()
    stage = {"kind": "correct_bias", "samples": 200, "skip": ["out"]}
    done = after(network, trainer, stage, per_tensor_weights=per_tensor)
    rounded = network.with_layers(
        with_kernel(layer, with_int8(layer.weights[0], layer.kind, per_tensor=per_tensor))
        for layer in kernel_layers(network)
        if layer.name != "out"
    )
    call = network.calls_of("hidden")[0]

    def means(one: Network) -> Array:
        linear = one.with_layers([one.layers["hidden"].with_config(activation="linear")])
        model = build_model(replace(linear, outputs=(call.output,)), "tf_keras")
        rng = np.random.default_rng(trainer.seed).permutation(len(trainer.train))
        (made,) = predict(model, trainer.train.take(np.sort(rng[:200])).inputs)
        return np.asarray(made.mean(axis=0))

    wanted = means(network)
    before, now = (np.abs(means(one) - wanted).max() for one in (rounded, done.network))
    assert now < 1e-3 * max(1.0, float(np.abs(wanted).max()))
    assert now < before
    assert set(done.promises.rounded) == {"stem", "dw", "pw", "branch", "hidden"}
    for name in done.promises.rounded:
        np.testing.assert_array_equal(
            done.network.layers[name].weights[0], rounded.layers[name].weights[0]
        )


@EVERY_SCALING
def test_adaptive_rounding_takes_neighbours_and_makes_less_error(per_tensor: bool) -> None:
    network, trainer = unequal()
    stage = {"kind": "adaround", "steps": 150, "samples": 200}
    done = after(network, trainer, stage, per_tensor_weights=per_tensor)
    moved = 0
    for layer in kernel_layers(network):
        now = done.network.layers[layer.name]
        mine = file_integers(now.weights[0], layer.kind, per_tensor=per_tensor)
        rows = file_scales(layer.weights[0], layer.kind, per_tensor=per_tensor)
        from tinycompress.compression.network.integers import scaled_rows

        exact = scaled_rows(layer.weights[0], layer.kind, per_tensor=per_tensor) / rows[:, None]
        assert np.all((mine == np.floor(exact + 1e-4)) | (mine == np.ceil(exact - 1e-4)))
        moved += int(np.sum(mine != np.rint(exact)))
    assert moved > 10
    tflite = exported(done.network, trainer, per_tensor=per_tensor)
    check_int8(tflite, done.network, done.promises, stage="adaround")
    nearest = network.with_layers(
        with_kernel(layer, with_int8(layer.weights[0], layer.kind, per_tensor=per_tensor))
        for layer in kernel_layers(network)
    )
    x = (trainer.train.inputs[0][:300],)
    wanted, plain, adapted = (
        predict(build_model(one, "tf_keras"), x)[0] for one in (network, nearest, done.network)
    )
    if per_tensor:  # by channel, both are next to exact
        assert np.sum((adapted - wanted) ** 2) < np.sum((plain - wanted) ** 2)


@pytest.mark.parametrize("bits", [2, 3, 4, 7])
def test_adaptive_rounding_to_few_bits_keeps_to_the_grid_and_makes_less_error(bits: int) -> None:
    network, trainer = trained()
    network = fold_batch_norms(network)
    stage = {"kind": "adaround", "bits": bits, "steps": 150, "samples": 200}
    done = after(network, trainer, stage)
    few = {layer.name for layer in kernel_layers(network) if layer.kind in SCALED_ALIKE}
    assert done.promises.gridded == {name: GridPromise(bits) for name in few}
    assert set(done.promises.rounded) == {layer.name for layer in kernel_layers(network)}
    assert not broken_promises(done.network, done.promises)
    tflite = exported(done.network, trainer, per_tensor=False)
    check_int8(tflite, done.network, done.promises, stage="adaround")
    untrained = {"kind": "weight_bits", "bits": bits, "fine_tune": {"epochs": 0}}
    nearest = after(network, trainer, untrained).network
    x = (trainer.train.inputs[0][:300],)
    wanted, plain, adapted = (
        predict(build_model(one, "tf_keras"), x)[0] for one in (network, nearest, done.network)
    )
    if bits < 5:  # with more, both are next to exact
        assert np.sum((adapted - wanted) ** 2) < np.sum((plain - wanted) ** 2)
    for name in few:
        kind = network.layers[name].kind
        at, now = (
            file_integers(one.layers[name].weights[0], kind) for one in (nearest, done.network)
        )
        assert np.abs(np.searchsorted(grid_integers(bits), at)
                      - np.searchsorted(grid_integers(bits), now)).max() <= 1  # fmt: skip


def test_adaptive_rounding_to_few_bits_keeps_zeros() -> None:
    network, trainer = unequal()
    sparse = {"kind": "prune", "sparsity": 0.6, "fine_tune": {"epochs": 0}}
    before = after(network, trainer, sparse)
    done = after(
        network, trainer, sparse, {"kind": "adaround", "bits": 3, "steps": 20, "samples": 100}
    )
    for name in done.promises.sparse:
        zeros = before.network.layers[name].weights[0] == 0
        assert np.all(done.network.layers[name].weights[0][zeros] == 0)
    tflite = exported(done.network, trainer, per_tensor=False)
    check_int8(tflite, done.network, done.promises, stage="adaround")


def test_few_bits_with_one_scale_for_a_layer_are_refused() -> None:
    network, trainer = unequal()
    with pytest.raises(ConfigError, match="4 bits need a scale for every output channel"):
        after(network, trainer, {"kind": "adaround", "bits": 4}, per_tensor_weights=True)


def test_rounded_integers_are_kept_by_training_and_checked_in_the_file() -> None:
    result = run(
        {"kind": "equalize"},
        {"kind": "split_outliers", "ratio": 0.05},
        {"kind": "adaround", "steps": 20, "samples": 100},
        {"kind": "train", "fine_tune": {"epochs": 1, "batch_size": 64}},
    )
    rounded, trained_on = result.rows[3:]
    assert rounded.tflite_sha256 != trained_on.tflite_sha256  # the biases moved
    assert rounded.kernels == trained_on.kernels


def test_a_broken_promise_of_rounded_integers_is_told() -> None:
    network, trainer = unequal()
    layer = network.layers["pw"]
    promises = Promises().with_rounded({"pw": RoundedPromise.of(layer, per_tensor=False)})
    assert Promises.from_json(promises.to_json()) == promises
    assert not broken_promises(network, promises)
    np.testing.assert_array_equal(
        projections(network, promises, 0)["pw"](layer.weights[0] + 1.0), layer.weights[0]
    )
    other = with_kernel(layer, layer.weights[0] + 0.05 * np.abs(layer.weights[0]).max())
    broken = network.with_layers([other])
    assert broken_promises(broken, promises) == (
        "layer 'pw': the integers are not the rounded ones",
    )
    tflite = exported(broken, trainer, per_tensor=False)
    with pytest.raises(MismatchError, match="'pw': the integers are not the rounded ones"):
        check_int8(tflite, broken, promises, stage="test")


def test_a_changed_function_is_told() -> None:
    network, trainer = unequal()
    layer = network.layers["out"]
    other = network.with_layers([with_kernel(layer, layer.weights[0] * 1.05)])
    with pytest.raises(MismatchError, match="test changed the float model's outputs by"):
        require_same_function(network, other, trainer.train, stage="test")


def test_one_dimensional_and_transposed_kernels_take_part() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    x = source = keras.Input((12, 4))
    x = layers.Conv1D(6, 3, activation="relu", name="c1")(x)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2, name="d1")(x)
    x = layers.LeakyReLU()(x)
    x = layers.Conv1D(5, 1, name="c2")(x)
    x = layers.PReLU(shared_axes=[1])(x)
    x = layers.Reshape((8, 1, 5))(x)
    x = layers.Conv2DTranspose(4, (2, 1), strides=(2, 1), activation="relu", name="t1")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(source, layers.Dense(3, name="fc")(x))
    network = lower(read_network(model))
    rng = np.random.default_rng(0)
    data = Data((rng.normal(size=(70, 12, 4)).astype(np.float32),), (rng.normal(size=(70, 3)),))
    trainer = Trainer(data, data, tasks_of(network, data))
    done = after(network, trainer, {"kind": "equalize"}, {"kind": "split_outliers", "ratio": 0.3})
    assert require_same_function(network, done.network, data, stage="test") < 1e-5
    assert done.network.layers["fc"].weights[0].shape[0] > 4
    for stage in ({"kind": "adaround", "steps": 3}, {"kind": "correct_bias"}):
        rounded = after(done.network, trainer, stage)
        assert set(rounded.promises.rounded) == {
            layer.name for layer in done.network.layers.values() if has_kernel(layer)
        }
