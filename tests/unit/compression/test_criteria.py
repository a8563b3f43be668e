"""Criteria of pruning with known answers, and that each one has a name in recipes."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from tinycompress.compression.criteria.channels import CHANNELS, Importance
from tinycompress.compression.criteria.filters import fpgm, l1, l2
from tinycompress.compression.criteria.hrank import ranks
from tinycompress.compression.criteria.similarity import redundancy
from tinycompress.compression.criteria.weights import WEIGHTS, WeightCriterion, random
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.stages.prune_by_scores import scores_from_zero, with_masks
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

NOTHING = Data((np.zeros((0, 2), np.float32),), (np.zeros(0, np.int64),))
TRAINER = Trainer(NOTHING, NOTHING, ())


def network(*kernels: list[list[float]]) -> Network:
    """Dense layers, one behind the other."""
    layers, calls = {}, []
    for number, kernel in enumerate(kernels):
        array = np.array(kernel, np.float32)
        name = f"fc{number}"
        layers[name] = Layer(name, "Dense", {"units": array.shape[1]}, (array,))
        calls.append(Call(name, (number,), number + 1, (array.shape[1],)))
    return Network("m", (Input("x", (2,), 0),), layers, tuple(calls), (len(kernels),))


def test_every_criterion_has_its_name_in_recipes() -> None:
    assert set(CHANNELS) == set(get_args(Importance))
    assert set(WEIGHTS) == set(get_args(WeightCriterion))


def test_a_rate_that_does_not_fall_cannot_be_rewound() -> None:
    stage = {"kind": "prune", "rewind": "learning_rate"}
    table = {"schema": 1, "name": "t", "description": "d", "stage": [stage]}
    with pytest.raises(ConfigError, match=r"set fine_tune\.decay to 'cosine'"):
        parse_recipe(table)
    (made,) = parse_recipe({**table, "stage": [{**stage, "fine_tune": {"decay": "cosine"}}]}).steps
    assert made.rewind == "learning_rate"  # type: ignore[attr-defined]
    (whole,) = parse_recipe({**table, "stage": [{"kind": "prune", "rewind": True}]}).steps
    assert whole.by_scores  # type: ignore[attr-defined]


def test_norms_and_distances_of_filters() -> None:
    made = network([[3.0, 0.0, 1.0], [-4.0, 0.0, 0.0]])  # filters (3, -4), (0, 0), (1, 0)
    assert l1(made, ("fc0",), TRAINER, 1)["fc0"].tolist() == [7, 0, 1]
    assert l2(made, ("fc0",), TRAINER, 1)["fc0"].tolist() == [5, 0, 1]
    near, middle, far = fpgm(made, ("fc0",), TRAINER, 1)["fc0"]
    assert near == pytest.approx(5 + np.sqrt(4 + 16))
    assert middle == pytest.approx(5 + 1)
    assert far == pytest.approx(np.sqrt(4 + 16) + 1)


def test_of_two_equal_filters_the_smaller_goes_first_and_the_other_stays() -> None:
    rows = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 5.0], [2.0, 2.0, 0.0], [-3.0, -3.0, 0.0]])
    scores = redundancy(rows)
    assert scores[0] == pytest.approx(0.0, abs=1e-12)
    # What is left is at right angles, or opposite.
    assert np.argsort(scores, kind="stable")[0] == 0
    assert min(scores[1], scores[2], scores[3]) >= 1.0 - 1e-9


def test_redundancy_keeps_one_of_each_group() -> None:
    generator = np.random.default_rng(0)
    base = np.linalg.qr(generator.normal(size=(8, 8)))[0][:3]
    rows = np.concatenate([scale * base for scale in (1.0, 2.0, 3.0)])
    rows += generator.normal(0, 1e-3, rows.shape)
    kept = np.argsort(-redundancy(rows))[:3]
    assert set(kept.tolist()) == {6, 7, 8}


def test_a_filter_of_zeros_goes_before_all_others() -> None:
    scores = redundancy(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    assert scores[0] == scores[3] == 0.0
    assert min(scores[1], scores[2]) > 0.9


def test_rank_of_maps() -> None:
    rng = np.random.default_rng(1)
    whole = rng.normal(size=(4, 4))
    one = np.outer(whole[0], whole[1])
    maps = np.stack([whole, one, np.zeros((4, 4)), one + np.outer(whole[2], whole[3])], axis=-1)
    assert ranks(maps[np.newaxis]).tolist() == [[4, 1, 0, 2]]


def test_scores_start_from_zero_in_one_scale_for_all_layers() -> None:
    made = network([[1.0, 0.0], [2.0, 3.0]], [[1.0], [1.0]])
    scores = {"fc0": np.array([[-4.0, 9.0], [0.0, 4.0]]), "fc1": np.array([[-2.0], [2.0]])}
    found = scores_from_zero(made, scores)
    assert found["fc0"][0, 1] == 0.0  # zero already, whatever its score
    assert found["fc0"][0, 0] > 0.0
    flat = np.concatenate([found["fc0"].ravel(), found["fc1"].ravel()])
    np.testing.assert_allclose(flat, [0, 0, 0.5, 1.0, 0.25, 0.75], atol=1e-5)
    constant = scores_from_zero(made, {"fc1": np.ones((2, 1))})
    assert (constant["fc1"] > 0).all()


def test_masks_and_random_scores() -> None:
    made = network([[1.0, 2.0], [3.0, 4.0]])
    thin = with_masks(made, {"fc0": np.array([[True, False], [False, True]])})
    assert thin.layers["fc0"].weights[0].tolist() == [[1, 0], [0, 4]]
    one, other = (random(made, ("fc0",), TRAINER, 1)["fc0"] for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert np.unique(one).size == 4


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"criterion": "snip", "schedule": "polynomial"}, "criterion = 'snip' prunes .* no sched"),
        ({"rewind": True, "m_by_n": [2, 4]}, "rewind prunes weight by weight and at once: no m_by"),
        ({"criterion": "movement", "block_size": [2, 2]}, "no block_size"),
        ({"criterion": "luck"}, "luck"),
    ],
)
def test_options_that_do_not_fit_together(stage: dict[str, object], words: str) -> None:
    table = {"schema": 1, "name": "t", "description": "d", "stage": [{"kind": "prune", **stage}]}
    with pytest.raises(ConfigError, match=words):
        parse_recipe(table)
