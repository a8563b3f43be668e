"""Make what `tinycompress compress` takes: a trained reference model and two .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results.experiments import Experiment, Training
from benchmarks.results.samples import Floats, Samples
from tinycompress import _files, _tf

MODEL, TRAIN, TEST = "reference.keras", "train.npz", "test.npz"


def make_reference(experiment: Experiment, directory: Path) -> None:
    """Write ``reference.keras``, ``train.npz`` and ``test.npz`` into a new directory.

    The test part is never trained on, and nothing is chosen by it.
    """
    samples = experiment.load()
    model = experiment.network()
    if experiment.training is not None:
        train(model, samples, experiment.training)
    with _files.new_directory(directory, replace=True) as temporary:
        model.save(str(temporary / MODEL))
        x, y = with_copies(samples, experiment)
        np.savez(temporary / TRAIN, x=x, y=y)
        np.savez(temporary / TEST, x=samples.x_test, y=samples.y_test)


def train(model: Any, samples: Samples, training: Training) -> None:
    """Train with Adam and a learning rate that falls to zero as a cosine does."""
    keras = _tf.keras()
    _tf.make_deterministic(training.seed)
    steps = training.epochs * -(-len(samples.x) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")

    def report(epoch: int, logs: dict[str, float]) -> None:
        print(f"epoch {epoch + 1}/{training.epochs}: loss {logs['loss']:.4f}", flush=True)

    model.fit(
        samples.x,
        samples.y,
        batch_size=training.batch_size,
        epochs=training.epochs,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)],
    )


def with_copies(samples: Samples, experiment: Experiment) -> tuple[Floats, Any]:
    """The training data and augmented copies of them, shuffled once."""
    if experiment.augment is None:
        return samples.x, samples.y
    generator = np.random.default_rng(experiment.seed)
    copies = [experiment.augment(samples.x, generator) for _ in range(experiment.copies)]
    x = np.concatenate([samples.x, *copies])
    y = np.tile(samples.y, len(copies) + 1)
    order = generator.permutation(len(x))
    return x[order], y[order]
