"""Train a digit reader while watching what it would be on an Arduino Nano 33 BLE.

    python watch.py -o OUT

Every second epoch the model is converted to int8, built for the board and run on the virtual board.
The training ends as soon as the int8 model is good enough and within its budgets. Half of all
weights are pruned on the way. OUT/log.csv has the figures of every epoch, OUT/best.keras the
weights of the epoch with the best int8 accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np

from tinycompress.callbacks import (
    DeployabilityCallback,
    StopWhenFits,
    order_callbacks,
    pruning_callbacks,
)

DIGITS = Path(__file__).resolve().parent.parent / "digits" / "digits.npz"
PIXEL_MAX = 16.0


def build_model() -> keras.Model:
    """A small CNN for 8x8 images."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(16, 3, activation="relu", name="conv2"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="watched",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train and watch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("watched"))
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with np.load(DIGITS) as data:
        x, y = data["x_train"].astype(np.float32) / PIXEL_MAX, data["y_train"]
        x_test, y_test = data["x_test"].astype(np.float32) / PIXEL_MAX, data["y_test"]
    keras.utils.set_random_seed(1)
    model = build_model()
    callbacks = [
        keras.callbacks.CSVLogger(str(arguments.output / "log.csv")),
        keras.callbacks.ModelCheckpoint(
            str(arguments.output / "best.keras"), monitor="deploy_int8_accuracy", mode="max",
            save_best_only=True,
        ),
        StopWhenFits({"int8_accuracy": 0.85}),
        DeployabilityCallback(
            "nano33", x[:200], every=2, evaluation=(x_test, y_test), verbose=1,
            budgets={"flash_bytes": 24_000, "ram_bytes": 8_000, "latency_us": 5_000},
        ),
        *pruning_callbacks(model, sparsity=0.5),
    ]  # fmt: skip
    model.fit(
        x, y, epochs=arguments.epochs, batch_size=32, verbose=0,
        callbacks=order_callbacks(callbacks),
    )  # fmt: skip


if __name__ == "__main__":
    main()
