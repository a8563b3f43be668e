"""Who teaches whom: schemes, several teachers, fresh weights, samples that move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from support.compression.classifier import CLASSES, X, dense, trainer_of
from support.compression.small_models import accuracy, trained
from support.compression.students import TUNE, student

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.schemes.fresh import fresh
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.train import Train, train
from tinycompress.compression.training.answers import Answers
from tinycompress.compression.training.shifting import shifted, shifted_batches
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf


def learner(**more: Any) -> tuple[Network, Trainer]:
    _, trainer = trained()
    network = lower(read_network(student()))
    return network, replace(trainer, tasks=tasks_of(network, trainer.train), **more)


def done(**options: Any) -> State:
    network, trainer = learner(assistants=(lower(read_network(student(8))),))
    return train(State(network), Train.model_validate({"fine_tune": TUNE, **options}), trainer)


def weights(network: Network) -> list[Any]:
    return [one for layer in network.layers.values() for one in layer.weights]


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"scheme": "mutual", "peers": 2}, "peers: "),
        ({"scheme": "born_again", "generations": 1, "ensemble": True}, "taught by all: "),
        ({"scheme": "refinery", "generations": 1}, "generation 1: "),
        ({"scheme": "assistant", "distill": {"method": "attention"}}, "assistant 1: "),
    ],
    ids=["mutual", "born_again", "refinery", "assistant"],
)
def test_a_scheme_teaches_and_says_how_it_went(options: dict[str, Any], note: str) -> None:
    state = done(**options)
    assert note in state.notes[0]
    assert "%" in state.notes[0]
    assert accuracy(state.network, learner()[1]) >= 0.5


def test_a_scheme_gives_the_same_weights_for_the_same_seed_and_others_for_another() -> None:
    tune = {**TUNE, "epochs": 1}
    options: dict[str, Any] = {
        "scheme": "mutual", "fine_tune": tune, "distill": {"temperature": 1.0},
    }  # fmt: skip
    first, again = (weights(done(**options).network) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert_array_equal(one, other)
    network, trainer = learner(seed=5)
    other = train(State(network), Train.model_validate(options), trainer)
    assert not np.array_equal(weights(other.network)[0], first[0])


@pytest.mark.parametrize("method", ["hints", "relational"])
def test_features_give_the_same_weights_again_and_leave_the_teacher_alone(method: str) -> None:
    teacher = trained()[1].teachers[0]
    before = [one.copy() for one in teacher.get_weights()]
    options = {"fine_tune": {**TUNE, "epochs": 2}, "distill": {"method": method}}
    first, again = (done(**options).network for _ in range(2))
    for one, other in zip(weights(first), weights(again), strict=True):
        assert_array_equal(one, other)
    kinds = [layer.kind for layer in first.layers.values()]
    assert kinds == [layer.kind for layer in learner()[0].layers.values()]
    for one, other in zip(before, teacher.get_weights(), strict=True):
        assert_array_equal(one, other)


def test_features_alone_leave_what_comes_behind_them() -> None:
    network, _ = learner()
    distill = {"method": "hints", "pairs": [["stem", "first"]], "feature_epochs": 1}
    # One step of two epochs: the second epoch trains outputs and no features.
    tune = {**TUNE, "epochs": 2, "optimizer": "sgd", "learning_rate": 1e-9}
    still = done(fine_tune=tune, distill=distill).network
    assert_allclose(
        still.layers["second"].weights[0], network.layers["second"].weights[0], atol=1e-6
    )
    alone = {"epochs": 3, "batch_size": 600, "learning_rate": 1e-2}
    moved = done(fine_tune=alone, distill={**distill, "feature_epochs": 2}).network
    first = np.abs(moved.layers["first"].weights[0] - network.layers["first"].weights[0]).max()
    second = np.abs(moved.layers["second"].weights[0] - network.layers["second"].weights[0]).max()
    # A step of Adam is as long as the rate: three steps, or the last one alone.
    assert first > 1.5e-2
    assert 0 < second < 1.5e-2


@pytest.mark.slow
def test_a_generator_stands_in_for_the_data() -> None:
    network, trainer = learner()
    x = trainer.train.inputs[0]
    blind = replace(trainer, train=Data((np.zeros_like(x),), trainer.train.labels))
    options = Train.model_validate(
        {"scheme": "data_free", "generator_steps": 400, "samples": 1024,
         "fine_tune": {**TUNE, "epochs": 8}}
    )  # fmt: skip
    state = train(State(network), options, blind)
    assert "trained on 1,024 generated samples" in state.notes[0]
    assert accuracy(state.network, trainer) >= 0.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scheme": "assistant"}, "there is no assistant"),
        ({"scheme": "mutual", "distill": {"method": "attention"}}, "compare their outputs alone"),
        ({"scheme": "mutual", "distill": {"weight": 1.0}}, "lower distill.weight"),
        (
            {"scheme": "born_again",
             "distill": {"method": "hints", "pairs": [["stem", "first"]]}},
            "leave pairs out",
        ),
    ],
)  # fmt: skip
def test_a_scheme_that_cannot_run_says_so(options: dict[str, Any], words: str) -> None:
    network, trainer = learner()
    with pytest.raises(ConfigError, match=words):
        train(State(network), Train.model_validate(options), trainer)


def test_fresh_weights_are_drawn_by_the_seed_and_as_wide_as_before() -> None:
    network = trained()[0]
    one, again, other = fresh(network, 1), fresh(network, 1), fresh(network, 2)
    for name, layer in network.layers.items():
        for index, array in enumerate(layer.weights):
            made = one.layers[name].weights[index]
            assert made.shape == array.shape
            assert_array_equal(made, again.layers[name].weights[index])
            if array.ndim > 1:
                assert np.std(made) == pytest.approx(np.std(array), rel=1e-3)
                assert not np.array_equal(made, array)
                assert not np.array_equal(made, other.layers[name].weights[index])
    gamma, beta, mean, variance = one.layers["stem_bn"].weights
    assert (gamma.min(), beta.max(), mean.max(), variance.min()) == (1, 0, 0, 1)


def test_layers_that_do_not_train_are_not_drawn_anew() -> None:
    network = trained()[0]
    frozen = replace(network.layers["out"], trainable=False)
    made = fresh(network.with_layers([frozen]), 1)
    assert_array_equal(made.layers["out"].weights[0], frozen.weights[0])


def test_several_teachers_are_averaged_whatever_they_end_in() -> None:
    logits = dense(3, None, 4.0 * np.eye(6, 3))
    chances = dense(3, "softmax", np.eye(6, 3))
    trainer = trainer_of(read_network(chances), X, CLASSES, teachers=(logits, chances))
    (said,) = Answers(trainer).of((X,))
    powers = np.exp(np.asarray(logits(X)))
    wanted = (powers / powers.sum(axis=1, keepdims=True) + np.asarray(chances(X))) / 2
    assert_allclose(said, wanted, atol=1e-6)
    # The student ends in logits: so do the answers.
    student_of_logits = trainer_of(read_network(logits), X, CLASSES, teachers=(chances,))
    (said,) = Answers(student_of_logits).of((X,))
    powers = np.exp(said)
    assert_allclose(powers / powers.sum(axis=1, keepdims=True), np.asarray(chances(X)), atol=1e-5)
    # One teacher of the student's form is taken as it is.
    (said,) = Answers(replace(trainer, teachers=(chances,))).of((X,))
    assert_array_equal(said, np.asarray(chances(X)))


def test_samples_move_along_each_axis_and_keep_their_edge() -> None:
    image = np.arange(12.0, dtype=np.float32).reshape(1, 3, 4, 1)
    seen = {
        shifted(image, 1, np.random.default_rng(seed))[0, :, :, 0].tobytes() for seed in range(60)
    }
    padded = np.pad(image[0, :, :, 0], 1, mode="edge")
    wanted = {padded[a : a + 3, b : b + 4].tobytes() for a in range(3) for b in range(3)}
    assert seen == wanted
    vector = np.ones((2, 5), np.float32)
    assert shifted(vector, 2, np.random.default_rng(0)) is vector


def test_every_epoch_sees_all_samples_once_and_moved_another_way() -> None:
    x = np.random.default_rng(0).normal(size=(10, 6, 1)).astype(np.float32)
    data = Data((x,), (np.arange(10),))
    batches, again = (
        shifted_batches(data, lambda one: (one.inputs[0], one.labels[0]), 4, 2, 7) for _ in range(2)
    )
    assert [len(batches[i][0]) for i in range(len(batches))] == [4, 4, 2]
    epochs = []
    for _ in range(2):
        pairs = [batches[i] for i in range(3)]
        assert sorted(np.concatenate([y for _, y in pairs])) == list(range(10))
        for (one, _), (other, _) in zip(pairs, [again[i] for i in range(3)], strict=True):
            assert_array_equal(one, other)
        order = np.argsort(np.concatenate([y for _, y in pairs]))
        epochs.append(np.concatenate([x for x, _ in pairs])[order])
        batches.on_epoch_end()
        again.on_epoch_end()
    assert not np.array_equal(epochs[0], epochs[1])
