"""Make what `tinycompress compress` takes: a trained reference model and two .npz."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results.experiments import Augment, Experiment
from benchmarks.results.samples import Floats, Samples
from tinycompress import _files, _tf

MODEL, TRAIN, TEST = "reference.keras", "train.npz", "test.npz"
_SETTING = "setting.json"


def setting(experiment: Experiment) -> dict[str, Any]:
    """What a reference is made from, as plain values."""
    samples = experiment.load()
    training = experiment.training
    return {
        "training": None if training is None else asdict(training),
        "train_samples": len(samples.x),
        "test_samples": len(samples.x_test),
        "augmentation": None if experiment.augment is None else experiment.augment.__name__,
        "augmented_copies": experiment.copies,
        "augmentation_seed": experiment.seed,
    }


def is_made(experiment: Experiment, directory: Path) -> bool:
    """Whether a reference that was made from the same setting is there."""
    try:
        stored = json.loads((directory / _SETTING).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(stored == setting(experiment))


def make_reference(experiment: Experiment, directory: Path) -> None:
    """Write ``reference.keras``, ``train.npz`` and ``test.npz`` into a new directory.

    The test part is never trained on, and nothing is chosen by it.
    """
    samples = experiment.load()
    if experiment.training is not None:
        _tf.make_deterministic(experiment.training.seed)
    model = experiment.network()
    if experiment.training is not None:
        train(model, samples, experiment)
    with _files.new_directory(directory, replace=True) as temporary:
        model.save(str(temporary / MODEL))
        x, y = with_copies(samples, experiment.augment, experiment.copies, experiment.seed)
        np.savez(temporary / TRAIN, x=x, y=y)
        np.savez(temporary / TEST, x=samples.x_test, y=samples.y_test)
        _files.write_text(temporary / _SETTING, json.dumps(setting(experiment)) + "\n")


def train(model: Any, samples: Samples, experiment: Experiment) -> None:
    """Train with Adam and a learning rate that falls to zero as a cosine does.

    Where the experiment augments, every epoch has another augmented copy instead of the data.
    """
    keras = _tf.tf_keras() if _tf.keras_of(model) == "tf_keras" else _tf.keras()
    training, augment = experiment.training, experiment.augment
    if training is None:
        raise AssertionError(f"{experiment.title}: no training is planned")
    steps = training.epochs * -(-len(samples.x) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    generator = np.random.default_rng(training.seed)
    for epoch in range(training.epochs):
        x = samples.x if augment is None else augment(samples.x, generator)
        history = model.fit(x, samples.y, batch_size=training.batch_size, verbose=0)
        loss = history.history["loss"][0]
        print(f"epoch {epoch + 1}/{training.epochs}: loss {loss:.4f}", flush=True)


def with_copies(
    samples: Samples, augment: Augment | None, copies: int, seed: int
) -> tuple[Floats, Any]:
    """The training data and augmented copies of them, shuffled once; without ``augment`` as is."""
    if augment is None:
        return samples.x, samples.y
    generator = np.random.default_rng(seed)
    made = [augment(samples.x, generator) for _ in range(copies)]
    x = np.concatenate([samples.x, *made])
    y = np.tile(samples.y, len(made) + 1)
    order = generator.permutation(len(x))
    return x[order], y[order]
