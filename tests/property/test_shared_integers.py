"""Few integers in a layer: what any kernel becomes, and what training does with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinycompress.compression.checks.binary_weights import BinaryWeights
from tinycompress.compression.checks.kmeans import kmeans
from tinycompress.compression.checks.promises import (
    ClusterPromise,
    Promises,
    SparsePromise,
    broken_promises,
    projections,
)
from tinycompress.compression.checks.shared_integers import (
    SharedIntegers,
    levels_from,
    trained_ternary,
)
from tinycompress.compression.network.integers import (
    LARGEST,
    file_integers,
    from_scaled_rows,
    scaled_rows,
)
from tinycompress.compression.network.network import Layer, Network

Array = npt.NDArray[Any]
SHAPES = {"Dense": (17, 6), "Conv1D": (3, 5, 4), "Conv2D": (3, 2, 4, 5)}
ROUNDS = 20
kinds = st.sampled_from(sorted(SHAPES))
seeds = st.integers(0, 2**32 - 1)


def kernel_of(kind: str, seed: int, zeros: float) -> Array:
    """Channels of very different magnitude, some of them all zero."""
    generator = np.random.default_rng(seed)
    shape = SHAPES[kind]
    kernel = generator.standard_t(3, shape) * generator.lognormal(0, 2, shape[-1])
    return (kernel * (generator.random(shape) >= zeros)).astype(np.float32)


def shared(kernel: Array, kind: str, count: int, moving: Array) -> SharedIntegers:
    rows = scaled_rows(kernel, kind)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    values = (rows / np.where(largest > 0, largest, 1))[scaled_rows(moving, kind)]
    centroids = kmeans(values, count, "linear", np.random.default_rng(0))
    return SharedIntegers(kernel, kind, moving, levels_from(centroids, count))


@given(kinds, seeds, st.integers(3, 40), st.sampled_from([0.0, 0.5, 0.9]))
def test_at_most_so_many_integers_and_zeros_stay(
    kind: str, seed: int, count: int, zeros: float
) -> None:
    kernel = kernel_of(kind, seed, zeros)
    if not kernel.any():
        return
    moving = kernel != 0
    projection = shared(kernel, kind, count, moving)
    generator = np.random.default_rng(seed)
    kept = projection.fitted(ROUNDS)
    for _ in range(4):
        integers = file_integers(kept, kind)
        assert np.unique(integers).size <= count
        assert not kept[~moving].any()
        # The scale in the file is the one that was meant: the largest of a row is 127 of it.
        rows = scaled_rows(kept, kind).astype(np.float64)
        scale = np.max(np.abs(rows), axis=1, keepdims=True) / LARGEST
        assert np.allclose(integers * scale, rows, rtol=1e-5, atol=1e-12)
        step = generator.normal(0, 0.1, kernel.shape) * np.max(np.abs(kernel))
        kept = projection((kept + step).astype(np.float32))


@given(kinds, seeds)
def test_a_factor_on_a_channel_moves_no_integer_of_a_convolution(kind: str, seed: int) -> None:
    kernel = kernel_of(kind, seed, 0.3)
    kept = shared(kernel, kind, 8, np.ones(kernel.shape, bool)).fitted(ROUNDS)
    factors = np.random.default_rng(seed).lognormal(0, 1, size=(kernel.shape[-1],))
    factors[::2] *= -1
    moved = file_integers((kept * factors).astype(np.float32), kind)
    if kind == "Dense":
        moved_evenly = file_integers((kept * -3.7).astype(np.float32), kind)
        assert (moved_evenly == -file_integers(kept, kind)).all()
        return
    signs = np.sign(factors).astype(np.int64)[:, None]
    assert (moved == file_integers(kept, kind) * signs).all()


@given(kinds, seeds)
def test_two_values_are_the_sign_and_the_mean_magnitude(kind: str, seed: int) -> None:
    """Rastegari et al., XNOR-Net (2016), equation 6."""
    generator = np.random.default_rng(seed)
    kernel = generator.normal(0, 1, SHAPES[kind]).astype(np.float32)
    moving = np.ones(kernel.shape, bool)
    kept = shared(kernel, kind, 2, moving).fitted(ROUNDS)
    rows = scaled_rows(kernel, kind)
    best = np.sign(rows) * np.mean(np.abs(rows), axis=1, keepdims=True)
    assert np.allclose(scaled_rows(kept, kind), best, rtol=1e-5)


@example(262_784_067)
@given(seeds)
def test_three_values_are_no_worse_than_the_usual_threshold(seed: int) -> None:
    """Li et al., Ternary Weight Networks (2016): values above 0.7 of the mean magnitude."""
    kernel = np.random.default_rng(seed).normal(0, 1, (3, 3, 16, 8)).astype(np.float32)
    kept = shared(kernel, "Conv2D", 3, np.ones(kernel.shape, bool)).fitted(ROUNDS)
    rows = scaled_rows(kernel, "Conv2D")
    far = np.abs(rows) > 0.7 * np.mean(np.abs(rows), axis=1, keepdims=True)
    scale = np.sum(np.abs(rows) * far, axis=1, keepdims=True) / far.sum(axis=1, keepdims=True)
    usual = np.sum((np.sign(rows) * far * scale - rows) ** 2)
    assert np.unique(file_integers(kept, "Conv2D")).tolist() == [-127, 0, 127]
    assert np.sum((kept - kernel) ** 2) <= 1.01 * usual


@given(kinds, seeds, st.integers(3, 20))
def test_more_rounds_come_nearer(kind: str, seed: int, count: int) -> None:
    kernel = kernel_of(kind, seed, 0.0)
    moving = np.ones(kernel.shape, bool)
    errors = [
        float(np.sum((shared(kernel, kind, count, moving).fitted(rounds) - kernel) ** 2))
        for rounds in (1, 40)
    ]
    # Rounding to integers, and rows that need an end, are no part of what a round lowers.
    assert errors[1] <= 1.1 * errors[0] + 1e-3 * float(np.sum(kernel**2))


def test_small_steps_add_up_until_a_weight_takes_the_next_value() -> None:
    kernel = np.array([1.0, *[0.5] * 9, 0.0, -1.0], np.float32).reshape(-1, 1)
    hold = SharedIntegers.of(kernel, "Dense", np.ones(kernel.shape, bool))
    step = np.zeros_like(kernel)
    step[1] = 0.02
    # Alone, each step is a seventh of what takes a weight to the next value, and rounded off.
    kept = hold(kernel + step)
    assert np.unique(file_integers(kept, "Dense")).tolist() == [-127, 0, 64, 127]
    for _ in range(20):
        kept = hold(kept + step)
    integers = file_integers(kept, "Dense").reshape(-1)
    assert integers[:2].tolist() == [127, 127]
    assert np.unique(integers[2:10]).size == 1
    assert integers[2] < 70


def test_a_channel_of_zeros_stays_and_the_others_are_shared() -> None:
    kernel = kernel_of("Conv2D", 3, 0.0)
    kernel[..., 2] = 0
    kept = shared(kernel, "Conv2D", 5, kernel != 0).fitted(ROUNDS)
    assert not kept[..., 2].any()
    largest = np.max(np.abs(file_integers(kept, "Conv2D")), axis=1)
    assert largest.tolist() == [127, 127, 0, 127, 127]


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_rows_come_back_as_they_were(kind: str) -> None:
    kernel = kernel_of(kind, 1, 0.0)
    rows = scaled_rows(kernel, kind)
    assert len(rows) == (1 if kind == "Dense" else SHAPES[kind][-1])
    assert (from_scaled_rows(rows, kernel.shape, kind) == kernel).all()


def test_the_promise_is_of_the_integers_and_kept_by_its_projection() -> None:
    kernel = kernel_of("Conv2D", 5, 0.5)
    few = shared(kernel, "Conv2D", 6, kernel != 0).fitted(ROUNDS)
    promises = Promises(
        {"conv": SparsePromise(0.4)}, {"conv": ClusterPromise(6, per_channel=False, shared=True)}
    )
    assert Promises.from_json(promises.to_json()) == promises

    def network(weights: Array) -> Network:
        layer = Layer("conv", "Conv2D", {}, (weights,))
        return Network("n", (), {"conv": layer}, (), ())

    assert broken_promises(network(few), promises) == ()
    (told,) = broken_promises(network(kernel), promises)
    assert "distinct integers in the kernel, promised at most 6" in told
    project = projections(network(few), promises, 0)["conv"]
    noise = np.random.default_rng(0).normal(0, 0.3, few.shape).astype(np.float32)
    after = project(few + noise)
    assert broken_promises(network(after), promises) == ()
    assert not after[few == 0].any()


def test_what_ternary_and_binary_integers_were_promised_to_be_is_told() -> None:
    ternary = ClusterPromise(3, per_channel=False, shared=True, asymmetric=True)
    assert ternary.broken_by(np.array([-127, 0, 40, 0])) == ""
    assert ternary.broken_by(np.array([30, 127, 0])) == (
        "the integers 0, 30, 127 are not zero and one value of either sign"
    )
    binary = ClusterPromise(2, per_channel=False, shared=True, signs="clipped")
    assert binary.broken_by(np.array([-127, 127])) == ""
    for other in ([-127, 0], [-127, 126]):
        assert "are not a value with either sign" in binary.broken_by(np.array(other))
    assert Promises.from_json(Promises({}, {"a": ternary}).to_json()).clustered["a"] == ternary


def test_signs_are_drawn_by_the_seed_for_each_layer_by_itself() -> None:
    kernel = kernel_of("Dense", 0, 0.0)
    layers = {name: Layer(name, "Dense", {}, (kernel,)) for name in ("one", "two")}
    network = Network("n", (), layers, (), ())
    promise = ClusterPromise(2, per_channel=False, shared=True, signs="stochastic")
    promises = Promises({}, dict.fromkeys(layers, promise))

    def drawn(seed: int) -> list[Array]:
        return [hold(kernel) for hold in projections(network, promises, seed).values()]

    one, two = drawn(0)
    assert (one != two).any()
    for again, first in zip(drawn(0), (one, two), strict=True):
        np.testing.assert_array_equal(again, first)
    assert (drawn(1)[0] != one).any()


@given(kinds, seeds, st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([0.0, 0.5]))
def test_trained_ternary_weights_are_three_integers_at_most(
    kind: str, seed: int, threshold: float, zeros: float
) -> None:
    kernel = kernel_of(kind, seed, zeros)
    if not kernel.any():
        return
    moving = kernel != 0
    ternary = trained_ternary(kernel, kind, moving, threshold)
    generator = np.random.default_rng(seed)
    hold = SharedIntegers.of(ternary, kind, moving, asymmetric=True)
    for _ in range(4):
        integers = np.unique(file_integers(ternary, kind))
        assert integers.size <= 3
        assert np.sum(integers > 0) <= 1
        assert np.sum(integers < 0) <= 1
        assert not ternary[~moving].any()
        assert np.isfinite(ternary).all()
        step = generator.normal(0, 0.3 * np.abs(ternary).max(), kernel.shape)
        ternary = hold((ternary + step).astype(np.float32))


@given(seeds)
def test_trained_ternary_magnitudes_differ_where_the_weights_do(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sign = np.where(generator.random((40, 30)) < 0.5, 1.0, -0.4)
    kernel = (sign * generator.uniform(0.9, 1.0, sign.shape)).astype(np.float32)
    ternary = trained_ternary(kernel, "Dense", np.ones(kernel.shape, bool), 0.05)
    low, high = np.unique(file_integers(ternary, "Dense"))[[0, -1]]
    assert high == 127
    assert -56 <= low <= -46
    held = SharedIntegers.of(ternary, "Dense", np.ones(kernel.shape, bool), asymmetric=True)
    np.testing.assert_array_equal(np.sign(held(ternary)), np.sign(ternary))


@given(kinds, seeds, st.sampled_from([1.0, 0.5]))
def test_of_trained_ternary_magnitudes_the_smaller_one_may_overtake(
    kind: str, seed: int, below: float
) -> None:
    generator = np.random.default_rng(seed)
    drawn = generator.random(SHAPES[kind])
    kernel = np.where(drawn < 0.4, -below, np.where(drawn < 0.6, 0.0, 1.0)).astype(np.float32)
    hold = SharedIntegers.of(kernel, kind, np.ones(kernel.shape, bool), asymmetric=True)
    for _ in range(8):  # as much again as the other one has, for every weight below
        kernel = hold(kernel - np.float32(0.25) * (kernel < 0))
    low, *_, high = np.unique(file_integers(kernel, kind))
    assert low == -127
    assert 0 < high < 127
    np.testing.assert_allclose(high / 127, 1.0 / (below + 2.0), atol=0.02)


@given(kinds, seeds, st.booleans())
def test_binary_weights_keep_their_scale_and_settle_to_signs(
    kind: str, seed: int, stochastic: bool
) -> None:
    kernel = np.abs(kernel_of(kind, seed, 0.0)) + np.float32(1e-3)
    kernel *= np.where(np.random.default_rng(seed).random(kernel.shape) < 0.5, -1, 1)
    moving = np.ones(kernel.shape, bool)
    hold = BinaryWeights(kernel, kind, moving, draws=(7,) if stochastic else None)
    first = hold.settled()
    np.testing.assert_array_equal(np.sign(first), np.sign(kernel))
    # XNOR-Net's scale: the mean magnitude of a row.
    rows, means = scaled_rows(first, kind), np.abs(scaled_rows(kernel, kind)).mean(axis=1)
    np.testing.assert_allclose(np.abs(rows), np.tile(means[:, None], rows.shape[1]), rtol=1e-5)
    changed = hold(first - 3 * first)
    for _ in range(3):
        assert set(np.unique(file_integers(changed, kind))) <= {-127, 127}
        np.testing.assert_allclose(np.abs(changed), np.abs(first), rtol=1e-5)
        changed = hold(changed)
    # A step of three scales was clipped to one: a little more than that back turns every sign.
    settled = hold.settled()
    np.testing.assert_array_equal(np.sign(settled), -np.sign(kernel))
    hold(settled - 1.01 * settled)
    np.testing.assert_array_equal(np.sign(hold.settled()), np.sign(kernel))
