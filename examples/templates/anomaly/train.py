"""Train an autoencoder that tells a machine's faults, and write what tinycompress.toml names.

    python train.py                   # on vibrations that this script simulates
    python train.py --npz FILE        # on spectra of your own: normal [n, bands], fault [m, bands]

It writes model.keras, train.npz and test.npz.

The autoencoder learns normal spectra alone: what it cannot give back is a fault. Its mean squared
error, less a limit that normal spectra keep, ends the model as a sigmoid, so that the firmware says
1 for a fault. Faults serve to set the int8 ranges and to count accuracy, never to train.

The simulated vibrations are those of a shaft and its overtones in noise; the faults are an
unbalanced shaft, a looseness (half orders), and a bearing (a band of its own). They show the whole
way without a download; for a real product record a real machine.
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
RATE_HZ = 2048
SAMPLES = 2048  # one second
BANDS = 64
NORMAL, FAULTS = 1500, 500
EPOCHS = 60
NORMAL_KEPT = 0.98  # share of the normal spectra under the limit
STEEPNESS = 4.0


def vibrate(fault: str, random: np.random.Generator) -> np.ndarray:
    """One second of acceleration, float64 [SAMPLES]."""
    time = np.arange(SAMPLES) / RATE_HZ
    shaft_hz, load = random.uniform(48, 52), random.uniform(0.6, 1.4)
    orders = {1.0: 1.0, 2.0: 0.4, 3.0: 0.25, 6.0: 0.15}
    severity = random.uniform(0.6, 1.5)
    if fault == "unbalance":
        orders[1.0] += 2.5 * severity
    elif fault == "looseness":
        orders |= dict.fromkeys((0.5, 1.5, 2.5, 3.5), 0.35 * severity)
    signal = sum(
        load * gain * np.sin(2 * np.pi * (order * shaft_hz * time + random.uniform()))
        for order, gain in orders.items()
    )
    if fault == "bearing":
        knocks = np.maximum(0, np.sin(2 * np.pi * 3.6 * shaft_hz * time)) ** 8
        signal = signal + 1.2 * severity * knocks * np.sin(2 * np.pi * 700 * time)
    return signal + random.normal(scale=0.15, size=SAMPLES)


def spectrum(signal: np.ndarray) -> np.ndarray:
    """Features, float32 [BANDS]: the power of equal bands in dB, around 0 to 1."""
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))[1:] ** 2
    bands = power.reshape(BANDS, -1).mean(axis=1)
    return ((10 * np.log10(bands + 1e-9)) / 60).astype(np.float32)


def simulated() -> tuple[np.ndarray, np.ndarray]:
    """Spectra of a good machine, and of faulty ones."""
    random = np.random.default_rng(SEED)
    normal = [spectrum(vibrate("", random)) for _ in range(NORMAL)]
    kinds = ("unbalance", "looseness", "bearing")
    faulty = [spectrum(vibrate(kinds[i % len(kinds)], random)) for i in range(FAULTS)]
    return np.stack(normal), np.stack(faulty)


def build_autoencoder(bands: int) -> keras.Model:
    """Through a bottleneck of eight values and back."""
    layers = keras.layers
    inputs = keras.Input((bands,))
    hidden = layers.Dense(32, activation="relu")(inputs)
    code = layers.Dense(8, activation="relu")(hidden)
    back = layers.Dense(32, activation="relu")(code)
    return keras.Model(inputs, layers.Dense(bands)(back))


def with_verdict(autoencoder: keras.Model, limit: float) -> keras.Model:
    """The model that is deployed: above 0.5 where the mean squared error is above the limit."""
    layers = keras.layers
    inputs = autoencoder.input
    error = layers.Subtract()([autoencoder.output, inputs])
    squares = layers.Multiply()([error, error])
    verdict = layers.Dense(1, activation="sigmoid", name="fault")
    model = keras.Model(inputs, verdict(squares))
    bands = inputs.shape[-1]
    verdict.set_weights([np.full((bands, 1), STEEPNESS / limit / bands), np.array([-STEEPNESS])])
    return model


def main() -> None:
    """Make the data, train on the normal part, set the limit, and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--npz", type=Path, metavar="FILE", help="spectra of your own")
    npz = parser.parse_args().npz
    keras.utils.set_random_seed(SEED)
    if npz is None:
        normal, faulty = simulated()
    else:
        with np.load(npz) as data:
            normal, faulty = (data[key].astype(np.float32) for key in ("normal", "fault"))
    random = np.random.default_rng(SEED)
    held = min(len(normal) // 5, len(faulty) // 2)
    normal, faulty = random.permutation(normal), random.permutation(faulty)
    center = normal[held:].mean(axis=0)
    normal, faulty = normal - center, faulty - center

    autoencoder = build_autoencoder(normal.shape[1])
    autoencoder.compile(keras.optimizers.Adam(2e-3), "mse")
    autoencoder.fit(normal[held:], normal[held:], batch_size=64, epochs=EPOCHS, verbose=0)
    errors = ((autoencoder.predict(normal[held:], verbose=0) - normal[held:]) ** 2).mean(axis=1)
    model = with_verdict(autoencoder, float(np.quantile(errors, NORMAL_KEPT)))

    def labelled(good: np.ndarray, bad: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": np.concatenate([good, bad]), "y": np.repeat([0, 1], [len(good), len(bad)])}

    train, test = labelled(normal[held:], faulty[held:]), labelled(normal[:held], faulty[:held])
    right = (model.predict(test["x"], verbose=0)[:, 0] > 0.5) == test["y"]
    model.save("model.keras")
    np.savez_compressed("train.npz", **train)
    np.savez_compressed("test.npz", **test)
    print(
        f"{model.count_params()} parameters: {right.mean():.2%} of {len(right)} test spectra right"
    )


if __name__ == "__main__":
    main()
