"""Divergences with known answers, and kernels changed as the stages change them."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.integers import file_integers, grid_integers, grid_levels
from tinycompress.compression.sensitivity import Change, SensitivityOptions
from tinycompress.compression.sensitivity.changes import changed_kernel
from tinycompress.compression.sensitivity.divergence import kl_divergence
from tinycompress.errors import ConfigError

Array = npt.NDArray[Any]
KINDS = {
    "Dense": (40, 6), "Conv2D": (3, 2, 4, 5), "DepthwiseConv2D": (3, 3, 6, 1),
    "Conv2DTranspose": (3, 3, 4, 5), "Conv1D": (5, 4, 3), "DepthwiseConv1D": (9, 4, 1),
}  # fmt: skip


def kernel_of(kind: str) -> Array:
    return np.random.default_rng(1).normal(0, 1, KINDS[kind]).astype(np.float32)


def test_classes_diverge_as_their_probabilities_do() -> None:
    p, q = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.25, 0.75], [0.9, 0.1]])
    wanted = 0.5 * (0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75))
    task = Task("classes", 2, from_logits=False)
    assert kl_divergence(task, p, q) == pytest.approx(wanted, rel=1e-6)
    logits = Task("classes", 2, from_logits=True)
    assert kl_divergence(logits, np.log(p) + 3, np.log(q) - 5) == pytest.approx(wanted, rel=1e-6)
    assert kl_divergence(task, p, p) == 0.0


def test_positions_count_alike_and_certainty_is_no_infinity() -> None:
    p = np.array([[[1.0, 0.0], [0.5, 0.5]]])
    q = np.array([[[0.0, 1.0], [0.5, 0.5]]])
    task = Task("classes", 4, from_logits=False, positions=2)
    one = kl_divergence(Task("classes", 2, from_logits=False), p[:, 0], q[:, 0])
    assert np.isfinite(one)
    assert kl_divergence(task, p, q) == pytest.approx(one / 2)


def test_binary_outputs_add_up() -> None:
    p, q = np.array([[0.5, 0.2]]), np.array([[0.25, 0.2]])
    wanted = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75)
    task = Task("binary", 2, from_logits=False)
    assert kl_divergence(task, p, q) == pytest.approx(wanted)
    logits = Task("binary", 2, from_logits=True)
    assert kl_divergence(logits, np.log(p / (1 - p)), np.log(q / (1 - q))) == pytest.approx(wanted)


def test_values_diverge_as_gaussians_of_their_own_variance() -> None:
    before = np.array([[0.0], [2.0]])  # variance 1
    task = Task("regression", 1, from_logits=True)
    assert kl_divergence(task, before, before + 1.0) == pytest.approx(0.5)
    assert kl_divergence(task, 10 * before, 10 * before + 10.0) == pytest.approx(0.5)


@pytest.mark.parametrize("bits", range(1, 8))
def test_a_grid_is_even_symmetric_and_reaches_both_ends(bits: int) -> None:
    levels = grid_levels(bits)
    assert levels.size == (2 if bits == 1 else 2**bits - 1)
    np.testing.assert_allclose(levels, -levels[::-1])
    np.testing.assert_allclose(np.diff(levels), levels[1] - levels[0])
    assert grid_integers(bits)[[0, -1]].tolist() == [-127, 127]
    assert (0 in grid_integers(bits)) == (bits > 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 7])
def test_few_bits_are_on_the_grid_of_the_file(kind: str, bits: int) -> None:
    kernel = kernel_of(kind)
    changed = changed_kernel(kernel, kind, Change("bits", bits))
    assert changed.shape == kernel.shape
    assert changed.dtype == np.float32
    assert set(file_integers(changed, kind).ravel()) <= set(grid_integers(bits))


@pytest.mark.parametrize("kind", KINDS)
def test_more_bits_come_nearer(kind: str) -> None:
    kernel = kernel_of(kind)
    errors = [
        float(np.sum((changed_kernel(kernel, kind, Change("bits", bits)) - kernel) ** 2))
        for bits in (1, 2, 3, 4, 8)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 * float(np.sum(kernel**2))


@pytest.mark.parametrize("kind", KINDS)
def test_clusters_are_shared_by_the_layer(kind: str) -> None:
    changed = changed_kernel(kernel_of(kind), kind, Change("cluster", 5))
    assert np.unique(file_integers(changed, kind)).size <= 5


def test_pruning_takes_the_smallest() -> None:
    kernel = np.array([[3.0, -1.0], [0.5, -2.0]], np.float32)
    changed = changed_kernel(kernel, "Dense", Change("prune", 0.5))
    np.testing.assert_array_equal(changed, [[3.0, 0.0], [0.0, -2.0]])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bits": (9,)}, "bits: 9; allowed: 1 to 8"),
        ({"clusters": (1,)}, "clusters: 1; allowed: 2 to 256"),
        ({"sparsities": (1.5,)}, "sparsities: 1.5; allowed: 0 to 1"),
        ({"samples": 0}, "samples is 0; allowed: 1 or more"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SensitivityOptions(**options)
