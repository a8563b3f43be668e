"""Train a small CNN on 8x8 handwritten digits with Keras, and write what tinycompress.toml names.

    python train.py                   # on digits.npz
    python train.py --npz FILE        # on images of your own: x [n, height, width, channels], y [n]

It writes model.keras, train.npz and test.npz.

digits.npz is the UCI "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998; CC BY
4.0).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

SEED = 1
EPOCHS = 15


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The images, float32 [n, 8, 8, 1] from 0 to 1, and their digits."""
    with np.load(Path(__file__).with_name("digits.npz")) as data:
        x = np.concatenate([data["x_train"], data["x_test"]])
        y = np.concatenate([data["y_train"], data["y_test"]])
    return x.astype(np.float32) / 16, y  # a pixel counts the dark dots of a 4x4 block


def own(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images of a file, float32 [n, height, width, channels] from 0 to 1, and their classes."""
    with np.load(path) as data:
        x, y = data["x"], data["y"]
    x = x.astype(np.float32) / (255 if x.dtype == np.uint8 else 1)
    return x.reshape(*x.shape[:3], -1), y


def build_model(shape: tuple[int, ...], classes: int) -> keras.Model:
    """Three convolutions, at three sizes."""
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape)])
    for channels, stride in ((12, 1), (16, 2), (24, 2)):
        model.add(layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def main() -> None:
    """Read the data, train, and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--npz", type=Path, metavar="FILE", help="images of your own: x and y")
    npz = parser.parse_args().npz
    keras.utils.set_random_seed(SEED)
    x, y = digits() if npz is None else own(npz)
    order = np.random.default_rng(SEED).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]

    model = build_model(x.shape[1:], int(y.max()) + 1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[train], y[train], batch_size=32, epochs=EPOCHS, verbose=2)
    _, accuracy = model.evaluate(x[test], y[test], verbose=0)
    model.save("model.keras")
    np.savez_compressed("train.npz", x=x[train], y=y[train])
    np.savez_compressed("test.npz", x=x[test], y=y[test])
    print(f"{model.count_params()} parameters: {accuracy:.2%} of {len(test)} test images right")


if __name__ == "__main__":
    main()
