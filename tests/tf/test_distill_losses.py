"""Losses of distillation with known answers; each is still at what the teacher puts out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinycompress import _tf
from tinycompress.compression.distillation.attention import attention
from tinycompress.compression.distillation.base import FeatureLoss
from tinycompress.compression.distillation.fsp import fsp, matrix
from tinycompress.compression.distillation.hints import hints
from tinycompress.compression.distillation.logits import logits
from tinycompress.compression.distillation.methods import METHODS
from tinycompress.compression.distillation.relational import angle, distance
from tinycompress.compression.distillation.shapes import on_same_positions
from tinycompress.compression.distillation.similarity import similarity
from tinycompress.compression.distillation.soft import soft

pytestmark = pytest.mark.tf
FEATURES = {name: loss for name, loss in METHODS.items() if isinstance(loss, FeatureLoss)}
GENERATOR = np.random.default_rng(1)


def tensor(values: Any) -> Any:
    return _tf.tensorflow().constant(np.asarray(values, np.float32))


def drawn(*shape: int) -> Any:
    return tensor(GENERATOR.normal(size=shape))


@pytest.mark.parametrize("name", FEATURES)
def test_a_loss_is_zero_at_the_teachers_features_and_has_a_gradient_beside(name: str) -> None:
    tf = _tf.tensorflow()
    loss = FEATURES[name].loss
    teacher = [drawn(6, 4, 4, 3), drawn(6, 2, 2, 5)]
    assert float(loss(teacher, teacher)) == pytest.approx(0.0, abs=1e-5)
    student = [one + 0.3 * drawn(*one.shape) for one in teacher]
    with tf.GradientTape() as tape:
        tape.watch(student)
        found = loss(teacher, student)
    assert float(found) > 1e-3
    for gradient in tape.gradient(found, student):
        assert np.all(np.isfinite(gradient))
        assert float(tf.reduce_max(tf.abs(gradient))) > 0


@pytest.mark.parametrize("name", FEATURES)
def test_a_loss_bears_equal_samples_and_features_that_are_all_zero(name: str) -> None:
    tf = _tf.tensorflow()
    for teacher in (tensor(np.ones((3, 2, 2, 4))), tensor(np.zeros((1, 2, 2, 4)))):
        student = tf.zeros_like(teacher)
        with tf.GradientTape() as tape:
            tape.watch(student)
            found = FEATURES[name].loss([teacher, teacher], [student, student])
        assert np.isfinite(found)
        assert np.all(np.isfinite(tape.gradient(found, student)))


@pytest.mark.parametrize("name", FEATURES)
def test_a_loss_does_not_depend_on_the_unit_of_both(name: str) -> None:
    loss = FEATURES[name].loss
    teacher, student = [drawn(5, 2, 2, 3), drawn(5, 2, 2, 3)], [drawn(5, 2, 2, 3)] * 2
    scaled = loss([100.0 * one for one in teacher], [100.0 * one for one in student])
    assert float(scaled) == pytest.approx(float(loss(teacher, student)), rel=1e-4)


def test_hints_are_squared_errors_over_the_teachers_mean_square() -> None:
    assert float(hints([tensor([[3.0, 4.0]])], [tensor([[3.0, 9.0]])])) == pytest.approx(1.0)


def test_attention_looks_at_places_and_not_at_signs_or_channels() -> None:
    teacher = tensor([[[[2.0]], [[0.0]]]])  # all of it in the upper place
    same = tensor([[[[-1.0, 1.0]], [[0.0, 0.0]]]])
    other = tensor([[[[0.0, 0.0]], [[5.0, 0.0]]]])
    assert float(attention([teacher], [same])) == pytest.approx(0.0, abs=1e-6)
    assert float(attention([teacher], [other])) == pytest.approx(500.0)


def test_fsp_matrices_are_products_over_positions() -> None:
    one = tensor([[[1.0, 2.0], [3.0, 4.0]]])  # two places, two channels
    other = tensor([[[1.0], [10.0]]])
    assert_allclose(matrix(one, other)[0], [[(1 + 30) / 2], [(2 + 40) / 2]])
    # The larger map is max-pooled.
    assert_allclose(matrix(one, tensor([[[10.0]]]))[0], [[30.0], [40.0]])
    assert float(fsp([one, other], [one, 2.0 * other])) == pytest.approx(1.0)


def test_distances_are_relative_to_their_mean() -> None:
    line = tensor([[0.0], [1.0], [3.0]])  # 1, 2 and 3, the mean is 2
    equal = tensor([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    wanted = 25 * 2 * sum(0.5 * (d / 2 - 1) ** 2 for d in (1, 2, 3)) / 9
    assert float(distance([line], [equal])) == pytest.approx(wanted, rel=1e-5)
    assert float(distance([line], [5.0 * line + 7.0])) == pytest.approx(0.0, abs=1e-6)


def test_angles_are_those_of_any_three_samples() -> None:
    points = [GENERATOR.normal(size=(4, 3)) for _ in range(2)]

    def cosines(p: Any) -> Any:
        found = np.zeros((4, 4, 4))
        for corner, a, b in np.ndindex(4, 4, 4):
            u, v = p[a] - p[corner], p[b] - p[corner]
            length = np.linalg.norm(u) * np.linalg.norm(v)
            found[corner, a, b] = u @ v / length if length else 0.0
        return found

    wanted = np.abs(cosines(points[0]) - cosines(points[1]))
    huber = 50 * np.where(wanted <= 1, 0.5 * wanted**2, wanted - 0.5).mean()
    assert float(angle([tensor(points[0])], [tensor(points[1])])) == pytest.approx(huber, rel=1e-4)
    # Turned and moved, the angles stay.
    turned = points[0][:, [1, 2, 0]] + 4.0
    assert float(angle([tensor(points[0])], [tensor(turned)])) == pytest.approx(0.0, abs=1e-4)


def test_similarity_compares_rows_of_unit_length() -> None:
    apart, alike = tensor([[1.0, 0.0], [0.0, 1.0]]), tensor([[1.0, 0.0], [1.0, 0.0]])
    root = np.sqrt(0.5)
    assert float(similarity([apart], [alike])) == pytest.approx(
        3000 / 128 * ((1 - root) ** 2 + 0.5), rel=1e-5
    )


def test_outputs_of_classes_and_of_binary_outputs() -> None:
    teacher, student = tensor([[[2.0, 0.0]]]), tensor([[[5.0, 1.0]]])
    # A common offset is no difference.
    assert_allclose(logits(teacher, student, "classes", 1.0), [1.0])
    assert_allclose(logits(teacher, student, "binary", 1.0), [(9 + 1) / 2])
    p = 1 / (1 + np.exp(-1.0))  # of the teacher, at a temperature of 2
    q = 1 / (1 + np.exp(-2.0))
    wanted = -4 * (p * np.log(q) + (1 - p) * np.log(1 - q))
    assert_allclose(soft(teacher, student, "classes", 2.0), [wanted], rtol=1e-5)
    only = tensor([[[2.0]]]), tensor([[[4.0]]])
    assert_allclose(soft(*only, "binary", 2.0), [wanted], rtol=1e-5)


def test_the_larger_map_is_pooled_to_the_smaller_along_each_axis() -> None:
    large = np.arange(2 * 4 * 6 * 3, dtype=np.float32).reshape(2, 4, 6, 3)
    one, other = on_same_positions(tensor(large), tensor(np.zeros((2, 2, 6, 1))))
    assert one.shape == (2, 2, 6, 3)
    assert other.shape == (2, 2, 6, 1)
    assert_allclose(one, large.reshape(2, 2, 2, 6, 3).mean(axis=2))
    one, _ = on_same_positions(tensor(large), tensor(np.zeros((2, 2, 3, 1))), largest=True)
    assert_allclose(one, large.reshape(2, 2, 2, 3, 2, 3).max(axis=(2, 4)))
