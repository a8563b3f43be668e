"""Fine-tuning: teachers, early stopping, learning rates, losses that are NaN, network slimming."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pytest
from support.compression.classifier import (
    CLASSES,
    PRUNE,
    Floats,
    X,
    classifier,
    dense,
    recipe,
    trainer_of,
)

import tinycompress
from tinycompress import _tf
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.prune import Prune
from tinycompress.compression.stages.prune_channels import PruneChannels, prune_channels
from tinycompress.compression.stages.qat import Qat
from tinycompress.compression.stages.registry import STAGES
from tinycompress.compression.stages.train import Train
from tinycompress.compression.training.fine_tune import fine_tune, train_network
from tinycompress.compression.training.options import Distill, FineTune
from tinycompress.errors import ConfigError

pytestmark = pytest.mark.tf


def test_a_student_learns_the_logits_of_its_teacher() -> None:
    teacher = dense(3, None, 3.0 * np.eye(6, 3))
    network = read_network(dense(3, None, np.random.default_rng(3).normal(size=(6, 3))))
    # The labels are wrong on purpose: what is learnt is the teacher's.
    trainer = trainer_of(network, X, np.roll(CLASSES, 1), teachers=(teacher,))
    tune = FineTune(epochs=30, batch_size=24, learning_rate=1e-2)
    trained = train_network(
        network, trainer, tune, Distill(method="logits", weight=1.0), {}, label="student"
    )
    wanted = np.asarray(teacher(X))
    got = np.asarray(build_model(trained, "tf_keras")(X))
    centred = [values - values.mean(axis=1, keepdims=True) for values in (wanted, got)]
    assert np.mean((centred[0] - centred[1]) ** 2) < 0.02 * np.mean(centred[0] ** 2)


def test_a_teacher_is_needed_and_must_fit() -> None:
    network = read_network(classifier())
    with pytest.raises(ConfigError, match="distill needs a teacher"):
        train_network(
            network, trainer_of(network, X, CLASSES), FineTune(), Distill(), {}, label="t"
        )
    other = dense(2, "softmax", np.eye(6, 2))
    with pytest.raises(ConfigError, match=r"the teacher gives \[\(2,\)\], the model \[\(3,\)\]"):
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), teacher=other)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_weight_decay_takes_its_share_of_kernels_and_no_bias(
    optimizer: Literal["adam", "sgd", "rmsprop"],
) -> None:
    keras = _tf.tf_keras()
    # Named to look like a variable that decays not.
    layer = keras.layers.Dense(3, activation="softmax", name="alpha", bias_initializer="ones")
    model = keras.Sequential([keras.Input((6,)), layer])
    model.set_weights([np.ones((6, 3), np.float32), np.ones(3, np.float32)])
    # All classes are equally right, and said to be: there is no gradient.
    trainer = trainer_of(read_network(model), X, np.zeros(len(X), np.int64), teachers=(model,))
    tune = FineTune(epochs=2, batch_size=60, learning_rate=0.1, weight_decay=0.5,
                    optimizer=optimizer)  # fmt: skip
    fine_tune(model, trainer, tune, Distill(temperature=1.0, weight=1.0))
    kernel, bias = model.get_weights()
    steps = 2 * len(X) // 60
    np.testing.assert_allclose(kernel, (1 - 0.1 * 0.5) ** steps, rtol=1e-3)
    np.testing.assert_allclose(bias, 1.0, rtol=1e-3)


@pytest.mark.parametrize(
    ("stage", "learns"), [(Train, False), (Train, True), (Prune, True), (Qat, True)]
)
def test_a_stage_has_a_dropout_of_its_own(stage: Any, learns: bool) -> None:
    keras = _tf.keras()
    layers = [keras.Input((6,)), keras.layers.Dropout(0.99, name="drop"),
              keras.layers.Dense(3, name="out")]  # fmt: skip
    network = read_network(keras.Sequential(layers))
    wanted = X @ np.eye(6, 3, dtype=np.float32)
    trainer = trainer_of(network, X, wanted)
    tune = FineTune(epochs=40, batch_size=24, learning_rate=3e-2, dropout=0.0 if learns else None)
    # Layers are wrapped by pruning and by training for int8.
    run = STAGES[stage().kind].run
    assert run is not None
    done = run(State(network), stage(fine_tune=tune), trainer).network
    error = np.mean((np.asarray(build_model(done, "tf_keras")(X)) - wanted) ** 2)
    assert (error < 0.02) == learns
    rates = [layer.config["rate"] for layer in done.layers.values() if layer.kind == "Dropout"]
    assert rates == [0.99]


@pytest.mark.parametrize(("smoothing", "wanted"), [(0.0, 1.0), (0.3, 0.8)])
def test_smoothed_labels_are_learnt_as_they_are(smoothing: float, wanted: float) -> None:
    network = read_network(dense(3, "softmax", np.eye(6, 3)))
    # One sample again and again: its class is learnt to the label's share, 1 - 0.3 + 0.3 / 3.
    trainer = trainer_of(network, np.tile(X[:1], (240, 1)), np.repeat(CLASSES[:1], 240))
    tune = FineTune(epochs=60, batch_size=24, learning_rate=3e-2, label_smoothing=smoothing)
    trained = train_network(network, trainer, tune, None, {}, label="t")
    told = np.asarray(build_model(trained, "tf_keras")(X[:1]))[0]
    assert told[CLASSES[0]] == pytest.approx(wanted, abs=0.02)


def test_labels_of_values_are_not_smoothed() -> None:
    network = read_network(dense(3, None, np.eye(6, 3)))
    trainer = trainer_of(network, X, X @ np.eye(6, 3, dtype=np.float32))
    tune = FineTune(epochs=1, label_smoothing=0.1)
    with pytest.raises(ConfigError, match="label_smoothing: no output of the model") as caught:
        train_network(network, trainer, tune, None, {}, label="t")
    assert caught.value.hint == "leave it out"


@pytest.mark.parametrize("patience", [1, 40], ids=["stopped", "to the end"])
def test_early_stopping_takes_the_weights_of_the_best_epoch(patience: int) -> None:
    network = read_network(classifier())
    trainer = trainer_of(network, X, CLASSES)
    losses: list[float] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["val_loss"])
    )
    # At this learning rate the loss goes up and down.
    tune = FineTune(epochs=12, optimizer="sgd", learning_rate=0.9, early_stop_epochs=patience)
    model = build_model(network, "tf_keras")
    fine_tune(model, trainer, tune, callbacks=[watch])
    assert (len(losses) < 12) == (patience == 1)
    assert losses[-1] > min(losses)
    assert model.evaluate(X, np.eye(3)[CLASSES], verbose=0) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize(("patience", "looks"), [(None, 0), (5, 3)], ids=["without", "with"])
def test_only_early_stopping_looks_at_the_validation_data(patience: int | None, looks: int) -> None:
    network = read_network(classifier())
    seen: list[Any] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback()
    watch.on_test_end = seen.append
    tune = FineTune(epochs=3, early_stop_epochs=patience, learning_rate=1e-4)
    trainer = trainer_of(network, X, CLASSES)
    fine_tune(build_model(network, "tf_keras"), trainer, tune, callbacks=[watch])
    assert len(seen) == looks


@pytest.mark.parametrize(("decay", "least", "most"), [("none", 0.5, 2.0), ("cosine", 0.0, 0.05)])
def test_steps_shrink_to_nothing_as_the_learning_rate_falls(
    decay: Literal["none", "cosine"], least: float, most: float
) -> None:
    network = read_network(dense(1, None, np.eye(6, 1)))
    # A target so far away that the gradient stays the same: a step is as long as the rate says.
    trainer = trainer_of(network, X, np.full((len(X), 1), 1e4, np.float32))
    model = build_model(network, "tf_keras")
    weights: list[Floats] = []
    watch = _tf.tf_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(model.get_weights()[0])
    )
    tune = FineTune(epochs=8, batch_size=24, learning_rate=1e-3, decay=decay)
    fine_tune(model, trainer, tune, callbacks=[watch])
    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(weights)]
    assert len(steps) == 79
    assert least <= steps[-1] / steps[0] <= most


def test_a_loss_that_is_nan_ends_the_training_with_advice() -> None:
    network = read_network(dense(1, None, np.eye(6, 1)))
    trainer = trainer_of(network, 1e18 * X, 1e18 * X[:, :1])
    tune = FineTune(epochs=3, optimizer="sgd", learning_rate=1.0)
    with pytest.raises(ConfigError, match=r"the loss is (nan|inf) after epoch \d of 3") as caught:
        fine_tune(build_model(network, "tf_keras"), trainer, tune, label="prune")
    assert caught.value.hint == "lower fine_tune.learning_rate (now 1)"


def test_network_slimming_shrinks_the_gammas_that_it_ranks() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(16, use_bias=False, name="wide"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.ReLU(),
            keras.layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    network = read_network(model)
    trainer = trainer_of(network, X, CLASSES)
    options = PruneChannels(
        ratio=0.5, importance="bn_gamma", slim_epochs=20, gamma_l1=0.1,
        fine_tune=FineTune(epochs=0, batch_size=24, learning_rate=1e-2),
    )  # fmt: skip
    thin = prune_channels(State(network), options, trainer).network
    gammas = np.abs(thin.layers["norm"].weights[0])
    assert gammas.shape == (8,)
    assert gammas.mean() < 0.7  # they start at 1
    assert thin.layers["norm"].config.get("gamma_regularizer") is None


def test_layers_without_batch_normalization_have_no_gamma_to_rank_by() -> None:
    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)), layers.Dense(16, name="wide"),
            layers.BatchNormalization(name="norm"), layers.Dense(8, name="plain"),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )  # fmt: skip
    network = read_network(model)
    trainer = trainer_of(network, X, CLASSES)
    options = PruneChannels(importance="bn_gamma", fine_tune=FineTune(epochs=0))
    done = prune_channels(State(network), options, trainer)
    assert done.network.layers["wide"].weights[0].shape == (6, 8)
    assert done.network.layers["plain"].weights[0].shape == (8, 8)
    words = "there is no BatchNormalization to rank the channels of plain"
    assert f"left whole: {words}" in done.notes
    with pytest.raises(ConfigError, match="no channel can be removed") as caught:
        prune_channels(State(network), options.model_copy(update={"skip": ("wide",)}), trainer)
    assert caught.value.hint == f"{words}; take another importance"
