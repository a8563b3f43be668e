"""Train a small CNN on 8x8 handwritten digits with Keras 3, and write what tinycompress needs.

    python train.py -o OUT

writes OUT/digits.keras, OUT/calib.npz (samples that training did not see, for calibration) and
OUT/test.npz (the test set). The same machine and versions give the same weights each time.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Until TensorFlow is loaded, its libraries write to stderr whatever the log level.
_stderr = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras
    import tensorflow as tf
finally:
    os.dup2(_stderr, 2)

SEED = 1
EPOCHS = 40
BATCH = 32
CALIBRATION_PER_DIGIT = 20
PIXEL_MAX = 16.0  # a pixel counts the black dots of a 4x4 block

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]


def build_model() -> keras.Model:
    """A CNN of 3,418 parameters with every common kind of layer."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv1"),
            layers.BatchNormalization(name="conv1_bn"),
            layers.ReLU(name="conv1_relu"),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise"),
            layers.BatchNormalization(name="depthwise_bn"),
            layers.ReLU(name="depthwise_relu"),
            layers.Conv2D(16, 1, use_bias=False, name="pointwise"),
            layers.BatchNormalization(name="pointwise_bn"),
            layers.ReLU(name="pointwise_relu"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(16, 3, use_bias=False, name="conv2"),
            layers.BatchNormalization(name="conv2_bn"),
            layers.ReLU(name="conv2_relu"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.2, name="dropout"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )


def hold_out(labels: Labels) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices for training and for calibration, the latter with equally many of every digit."""
    generator = np.random.default_rng(SEED)
    held = np.sort(
        np.concatenate(
            [
                generator.permutation(np.flatnonzero(labels == digit))[:CALIBRATION_PER_DIGIT]
                for digit in np.unique(labels)
            ]
        )
    )
    return np.setdiff1d(np.arange(len(labels)), held), held


def fit(model: keras.Model, x: Floats, y: Labels) -> None:
    """Train with a learning rate that falls to zero."""
    steps = EPOCHS * -(-len(x) // BATCH)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    def report(epoch: int, logs: dict[str, float]) -> None:
        if (epoch + 1) % 10 == 0:
            print(
                f"epoch {epoch + 1:2d}/{EPOCHS}: training loss {logs['loss']:.4f},"
                f" accuracy {100 * logs['accuracy']:.2f} %",
                flush=True,
            )

    shown = keras.callbacks.LambdaCallback(on_epoch_end=report)
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[shown])


def main() -> None:
    """Train, report the test accuracy, write the three files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("."), help="output directory")
    output: Path = parser.parse_args().output
    started = time.monotonic()

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    with np.load(Path(__file__).with_name("digits.npz")) as data:
        x, y, x_test, y_test = (data[key] for key in ("x_train", "y_train", "x_test", "y_test"))
    x, x_test = (pixels.astype(np.float32) / PIXEL_MAX for pixels in (x, x_test))
    train, held = hold_out(y)

    model = build_model()
    fit(model, x[train], y[train])
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)

    output.mkdir(parents=True, exist_ok=True)
    model.save(output / "digits.keras")
    np.savez_compressed(output / "calib.npz", x=x[held], y=y[held])
    np.savez_compressed(output / "test.npz", x=x_test, y=y_test)
    print(
        f"{model.count_params()} parameters, {len(train)} training samples:"
        f" {100 * accuracy:.2f} % of {len(x_test)} test samples right in float32"
        f" ({time.monotonic() - started:.0f} s)"
    )
    print(f"wrote {output / 'digits.keras'}, calib.npz, test.npz")


if __name__ == "__main__":
    main()
