"""Convolutions and dense layers that fast kernels compute, at the edges of their loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from support.cases.conv import ConvCase
from support.cases.dense import DenseCase

FAMILIES: dict[str, dict[str, Any]] = {
    "mve": {"core": "cortex-m55", "dsp": True, "mve": True},
    "dsp": {"core": "cortex-m4", "dsp": True},
    "mla": {"core": "cortex-m3", "dsp": False},
}

# ReLU at zero point -128 has a fitted line; without activation two roundings are needed.
_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128}

CONV_CASES = (
    # Whole quads, no quad, rests of rows; one to eight pixels; odd numbers of channels.
    ConvCase(channels=8, outputs=8, kernel=(1, 1), height=1, width=1),
    ConvCase(channels=8, outputs=5, kernel=(1, 1), height=1, width=2),
    ConvCase(channels=8, outputs=2, kernel=(1, 1), height=1, width=3),
    ConvCase(channels=4, outputs=3, kernel=(1, 1), height=2, width=2, **_RELU),
    ConvCase(channels=20, outputs=7, kernel=(1, 1), height=1, width=5, **_RELU),
    ConvCase(channels=36, outputs=4, kernel=(1, 1), height=2, width=3, **_RELU),
    ConvCase(channels=64, outputs=12, kernel=(1, 1), height=1, width=7, **_RELU),
    ConvCase(channels=16, outputs=6, kernel=(1, 1), height=1, width=8, batches=2),
    ConvCase(channels=16, outputs=6, kernel=(1, 1), stride=(2, 2)),
    ConvCase(channels=3, outputs=4, kernel=(1, 1)),
    ConvCase(channels=4, outputs=1),
    ConvCase(channels=1, outputs=8, kernel=(10, 4), height=12, width=5, stride=(2, 2), **_RELU),
    ConvCase(channels=1, outputs=6, kernel=(3, 5)),
    ConvCase(channels=2, outputs=9, kernel=(3, 3), **_RELU),
    ConvCase(channels=3, outputs=8, kernel=(3, 3), stride=(2, 2), height=8, width=8, **_RELU),
    ConvCase(channels=3, outputs=8, kernel=(5, 5), batches=2),
    ConvCase(channels=3, outputs=4, kernel=(7, 7), height=6, width=6),
    ConvCase(channels=4, outputs=6, kernel=(3, 3), height=9, width=9, **_RELU),
    # Windows of three pixels in a row: inside, side by side with gaps, reaching out, in two rows.
    ConvCase(channels=3, outputs=4, kernel=(3, 3), height=5, width=12, **_RELU),
    ConvCase(channels=3, outputs=4, kernel=(2, 1), stride=(1, 4), height=4, width=23, **_RELU),
    ConvCase(channels=1, outputs=4, kernel=(1, 2), stride=(2, 3), height=3, width=10),
    ConvCase(channels=8, outputs=4, kernel=(3, 2), stride=(1, 3), height=4, width=14, **_RELU),
    ConvCase(channels=8, outputs=6, kernel=(3, 3), height=4, width=9, stride=(2, 1)),
    ConvCase(channels=12, outputs=5, kernel=(2, 3), padding="VALID", batches=3, **_RELU),
    ConvCase(channels=16, outputs=16, kernel=(3, 3), height=6, width=6, in_zero=-128),
    ConvCase(channels=4, outputs=4, kernel=(5, 1), height=3, width=4, in_zero=127),
    # What saturation to int8 does not clamp.
    ConvCase(channels=8, outputs=6, activation="RELU", out_zero=-20),
    ConvCase(channels=8, outputs=6, activation="RELU6", out_zero=-128, gain=0.1),
    ConvCase(channels=8, outputs=6, activation="RELU_N1_TO_1", out_zero=100),
    # Requantisation: steep, flat, large sums, sums out of reach.
    ConvCase(channels=8, outputs=6, gain=0.4, **_RELU),
    ConvCase(channels=8, outputs=6, gain=0.03, **_RELU),
    ConvCase(channels=8, outputs=6, gain=2.0**-9, extreme_weights=True, **_RELU),
    ConvCase(channels=8, outputs=6, gain=2.0**-9, extreme_weights=True),
    ConvCase(channels=8, outputs=6, gain=1e-6, bias="large", **_RELU),
    ConvCase(channels=8, outputs=6, gain=1e-9, **_RELU),
    ConvCase(channels=8, outputs=6, gain=1e-9),
    ConvCase(channels=8, outputs=6, bias="large", **_RELU),
    ConvCase(channels=8, outputs=6, bias="int32 max", **_RELU),
    ConvCase(channels=8, outputs=6, per_channel=False, **_RELU),
)
# Every place at which assembly enters its loop over inputs, and none; pixels in whole threes, and
# one or two more; each by both requantisations.
LOOP_CASES = tuple(
    ConvCase(channels=4 * quads, outputs=outputs, kernel=(1, 1), height=1, width=width, **more)
    for quads, outputs, width in (
        *((quads, 3, 4) for quads in range(1, 12)),
        *((1, 4, 6), (2, 2, 7), (3, 6, 11), (9, 4, 9)),
    )
    for more in ({**_RELU, "gain": 0.005}, {"activation": "NONE"})
)
DENSE_CASES = (
    *(DenseCase(inputs=n, outputs=9, activation="RELU", out_zero=-128) for n in range(1, 21)),
    *(DenseCase(inputs=12, outputs=n) for n in range(1, 18)),
    DenseCase(inputs=33, outputs=16, shape=(3,), activation="RELU", out_zero=-128),
    DenseCase(inputs=33, outputs=13, shape=(2,), per_channel=True),
    DenseCase(inputs=40, outputs=10, gain=0.2, activation="RELU", out_zero=-128),
    DenseCase(inputs=40, outputs=10, activation="RELU6", out_zero=-30),
    DenseCase(inputs=300, outputs=11, gain=1e-3, extreme_weights=True),
)


def random_conv_cases(rng: np.random.Generator, count: int) -> Iterator[ConvCase]:
    """Convolutions of the kind that models have, with random sizes."""

    def pick(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    for _ in range(count):
        out_zero, activation = pick((-128, "RELU"), (-128, "RELU6"), (7, "NONE"), (-40, "RELU"))
        kernel = pick((1, 1), (3, 3), (int(rng.integers(1, 6)), int(rng.integers(1, 6))))
        yield ConvCase(
            height=int(rng.integers(5, 10)),
            width=int(rng.integers(5, 10)),
            channels=pick(1, 3, 4, 8, int(rng.integers(1, 30))),
            outputs=int(rng.integers(2, 20)),
            kernel=kernel,
            stride=pick((1, 1), (1, 1), (2, 2), (1, 2)),
            padding=pick("SAME", "VALID"),
            batches=pick(1, 1, 2),
            in_zero=int(rng.integers(-128, 128)),
            out_zero=out_zero,
            activation=activation,
            gain=float(np.exp(rng.uniform(np.log(2e-4), np.log(0.05)))),
        )
