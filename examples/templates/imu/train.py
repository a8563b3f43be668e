"""Train a small gesture classifier for an accelerometer, and write what tinycompress.toml names.

    python train.py                   # on motions that this script simulates
    python train.py --csvs DIR        # on recordings: DIR/GESTURE/*.csv, x,y,z in g at 50 Hz

It writes model.keras, train.npz and test.npz.

The simulated motions are gravity in any direction, a motion of its own frequency, and a sensor's
noise. They show the whole way without a download; for a real product record real motions.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

SEED = 1
RATE_HZ = 50
WINDOW = 100  # two seconds
WINDOWS_PER_GESTURE = 300
EPOCHS = 15
GESTURES = ("rest", "walk", "shake", "circle")
RANGE_G = 4.0


def move(gesture: str, random: np.random.Generator) -> np.ndarray:
    """One window, float32 [WINDOW, 3], in g: turned anyhow, as a device lies in a hand."""
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    time = np.arange(WINDOW) / RATE_HZ
    angle = 2 * np.pi * (random.uniform(0, 1) + time * {
        "rest": 0.0, "walk": random.uniform(1.4, 2.3),
        "shake": random.uniform(4.0, 7.0), "circle": random.uniform(0.7, 1.3),
    }[gesture])  # fmt: skip
    strength = random.uniform(0.4, 1.2)
    motion = np.zeros((WINDOW, 3))
    if gesture == "walk":  # steps: up and down, with an overtone, and a sway of half the pace
        motion[:, 2] = 0.5 * strength * (np.sin(angle) + 0.5 * np.sin(2 * angle + 1))
        motion[:, 0] = 0.15 * strength * np.sin(angle / 2)
    elif gesture == "shake":
        motion[:, 0] = 1.5 * strength * np.sin(angle)
    elif gesture == "circle":
        motion[:, 0], motion[:, 1] = strength * np.cos(angle), strength * np.sin(angle)
    motion[:, 2] += 1.0  # gravity
    noise = random.normal(scale=random.uniform(0.01, 0.15), size=(WINDOW, 3))
    return (motion @ turn + noise).astype(np.float32)


def simulated() -> tuple[np.ndarray, np.ndarray]:
    """Windows and the numbers of their gestures."""
    random = np.random.default_rng(SEED)
    windows = [move(gesture, random) for gesture in GESTURES for _ in range(WINDOWS_PER_GESTURE)]
    return np.stack(windows), np.repeat(np.arange(len(GESTURES)), WINDOWS_PER_GESTURE)


def recorded(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Windows that overlap by half from DIRECTORY/GESTURE/*.csv; gestures by name."""
    windows, labels = [], []
    for number, folder in enumerate(sorted(path for path in directory.iterdir() if path.is_dir())):
        for path in sorted(folder.glob("*.csv")):
            values = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
            if values.shape[1] != 3:
                sys.exit(f"{path}: {values.shape[1]} columns, not x,y,z")
            for start in range(0, len(values) - WINDOW + 1, WINDOW // 2):
                windows.append(values[start : start + WINDOW])
                labels.append(number)
    if not windows:
        sys.exit(f"{directory}: no GESTURE/*.csv with {WINDOW} lines or more")
    return np.stack(windows), np.array(labels)


def build_model(classes: int) -> keras.Model:
    """Three convolutions over time."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((WINDOW, 3))])
    for channels, stride in ((16, 2), (16, 2), (24, 2)):
        model.add(layers.Conv1D(channels, 5, strides=stride, use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def main() -> None:
    """Make the data, train, and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csvs", type=Path, metavar="DIR", help="recordings: DIR/GESTURE/*.csv")
    csvs = parser.parse_args().csvs
    keras.utils.set_random_seed(SEED)
    windows, y = simulated() if csvs is None else recorded(csvs)
    x = windows / RANGE_G
    order = np.random.default_rng(SEED).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]

    model = build_model(int(y.max()) + 1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[train], y[train], batch_size=32, epochs=EPOCHS, verbose=2)
    _, accuracy = model.evaluate(x[test], y[test], verbose=0)
    model.save("model.keras")
    np.savez_compressed("train.npz", x=x[train], y=y[train])
    np.savez_compressed("test.npz", x=x[test], y=y[test])
    print(f"{model.count_params()} parameters: {accuracy:.2%} of {len(test)} test windows right")


if __name__ == "__main__":
    main()
