"""Depthwise convolutions that fast kernels compute, at the edges of their loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from support.cases.conv import ConvCase

TARGETS: dict[str, dict[str, Any]] = {
    "mve": {"core": "cortex-m55", "dsp": True, "mve": True},
    "dsp": {"core": "cortex-m4", "dsp": True},
    "mla": {"core": "cortex-m3", "dsp": False},
    "thumb1": {"core": "cortex-m0plus", "dsp": False},
}
CANDIDATES = 5
"""At most so many kernels can compute one layer."""

# ReLU at zero point -128 has a fitted line; without activation two roundings are needed.
_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128, "outputs": 1}
_ONE: dict[str, Any] = {"outputs": 1}

DEPTHWISE_CASES = (
    # Rows of one pair, of pairs, of pairs and a single output; one row, few, many.
    *(ConvCase(height=h, width=w, channels=c, **_RELU)
      for h, w, c in ((1, 1, 4), (2, 2, 3), (3, 3, 8), (4, 5, 1), (5, 4, 5), (6, 7, 12))),
    *(ConvCase(height=h, width=w, channels=c, stride=(2, 2), **_RELU)
      for h, w, c in ((2, 2, 4), (3, 3, 1), (4, 5, 3), (5, 4, 8), (9, 11, 2))),
    ConvCase(height=6, width=8, channels=4, padding="VALID", **_RELU),
    ConvCase(height=7, width=9, channels=2, padding="VALID", stride=(2, 2), **_RELU),
    ConvCase(height=5, width=9, channels=2, stride=(3, 1), in_zero=-128, **_RELU),
    ConvCase(height=9, width=5, channels=3, stride=(4, 2), in_zero=127, **_RELU),
    ConvCase(height=5, width=5, channels=2, batches=3, **_RELU),
    ConvCase(height=6, width=6, channels=2, outputs=3, activation="RELU", out_zero=-128),
    # Four channels at once: rows of pairs, and not; every place at which a loop is entered.
    *(ConvCase(height=h, width=w, channels=c, stride=s, **_RELU)
      for h, w, c, s in (
          (3, 2, 4, (1, 1)), (2, 4, 8, (1, 1)), (3, 6, 4, (1, 1)), (2, 8, 4, (1, 1)),
          (2, 9, 4, (1, 1)), (5, 1, 4, (1, 1)), (3, 12, 4, (2, 1)), (4, 1, 4, (2, 2)),
          (4, 6, 4, (2, 2)), (5, 7, 8, (2, 2)), (3, 8, 4, (1, 2)), (6, 10, 4, (3, 2)),
      )),
    ConvCase(height=5, width=7, channels=8, padding="VALID", batches=2, **_RELU),
    ConvCase(height=5, width=8, channels=4, padding="VALID", stride=(2, 2), batches=3, **_RELU),
    ConvCase(height=48, width=59, channels=4, in_zero=9, **_RELU),
    ConvCase(height=70, width=60, channels=4, stride=(2, 2), in_zero=-3, **_RELU),
    # Bands: planes above 2 KB.
    ConvCase(height=40, width=48, channels=2, **_RELU),
    ConvCase(height=41, width=47, channels=1, stride=(2, 2), **_RELU),
    ConvCase(height=30, width=60, channels=1, kernel=(5, 3), stride=(3, 1), **_ONE),
    ConvCase(height=30, width=90, channels=1, kernel=(2, 2), stride=(3, 3), **_ONE),
    # Any filter: odd and even widths, strides 1 to 3, columns alone.
    ConvCase(height=30, width=1, channels=8, kernel=(3, 1), padding="VALID", **_ONE),
    ConvCase(height=28, width=1, channels=4, kernel=(5, 1), padding="VALID", **_RELU),
    ConvCase(height=24, width=1, channels=4, kernel=(10, 1), **_ONE),
    ConvCase(height=15, width=1, channels=12, kernel=(15, 1), padding="VALID", **_ONE),
    ConvCase(height=20, width=1, channels=3, kernel=(16, 1), **_ONE),
    ConvCase(height=20, width=1, channels=3, kernel=(17, 1), **_ONE),
    ConvCase(height=1, width=19, channels=3, kernel=(1, 4), stride=(1, 2), **_ONE),
    ConvCase(height=8, width=13, channels=1, kernel=(4, 4), stride=(2, 2), outputs=8),
    ConvCase(height=11, width=9, channels=1, kernel=(5, 8), stride=(2, 2), outputs=4),
    ConvCase(height=7, width=12, channels=2, kernel=(2, 5), **_ONE),
    ConvCase(height=7, width=13, channels=4, kernel=(3, 2), stride=(1, 3), **_ONE),
    ConvCase(height=6, width=6, channels=4, kernel=(1, 1), **_ONE),
    # What saturation to int8 does not clamp.
    ConvCase(channels=4, activation="RELU", out_zero=-20, outputs=1),
    ConvCase(channels=4, activation="RELU6", out_zero=-128, gain=0.1, outputs=1),
    ConvCase(channels=4, activation="RELU_N1_TO_1", out_zero=100, outputs=1),
    # Requantisation: steep, flat, large sums, sums out of reach.
    ConvCase(channels=4, gain=0.4, **_RELU),
    ConvCase(channels=4, gain=0.9, **_RELU),
    ConvCase(channels=4, gain=2.0**-9, extreme_weights=True, **_RELU),
    ConvCase(channels=4, gain=2.0**-9, extreme_weights=True, **_ONE),
    ConvCase(channels=4, gain=1e-6, bias="large", **_RELU),
    ConvCase(channels=4, gain=1e-9, **_ONE),
    ConvCase(channels=4, gain=1e-12, **_ONE),
    ConvCase(channels=4, bias="large", **_RELU),
    ConvCase(channels=4, bias="int32 max", **_RELU),
    ConvCase(channels=4, per_channel=False, **_RELU),
)  # fmt: skip

# Blocks of 16 channels, whole and not, 8 channels by pairs of pixels, bands above 4 KB.
MVE_CASES = (
    *(ConvCase(height=h, width=w, channels=c, stride=s, **_RELU)
      for h, w, c, s in (
          (1, 1, 16, (1, 1)), (3, 3, 17, (1, 1)), (4, 5, 32, (1, 1)), (5, 4, 40, (2, 2)),
          (6, 7, 31, (2, 1)), (7, 6, 16, (1, 2)), (3, 2, 8, (1, 1)), (4, 7, 8, (1, 1)),
          (5, 6, 8, (2, 1)), (40, 47, 8, (1, 1)), (23, 48, 16, (2, 2)), (1, 2, 8, (1, 1)),
      )),
    ConvCase(height=5, width=6, channels=24, padding="VALID", batches=2, **_RELU),
    ConvCase(height=5, width=6, channels=16, in_zero=127, **_ONE),
    ConvCase(height=4, width=5, channels=8, in_zero=-128, batches=3, **_ONE),
    ConvCase(height=8, width=9, channels=16, stride=(4, 3), **_ONE),
    ConvCase(height=9, width=8, channels=18, kernel=(2, 5), stride=(1, 2), **_ONE),
    ConvCase(height=6, width=7, channels=8, kernel=(4, 2), **_ONE),
    ConvCase(height=5, width=5, channels=16, kernel=(1, 1), **_ONE),
    ConvCase(height=28, width=1, channels=40, kernel=(5, 1), padding="VALID", **_ONE),
    ConvCase(height=24, width=1, channels=16, kernel=(10, 1), **_RELU),
    ConvCase(channels=16, activation="RELU", out_zero=-20, outputs=1),
    ConvCase(channels=16, activation="RELU6", out_zero=-128, gain=0.1, outputs=1),
    ConvCase(channels=16, gain=0.9, **_RELU),
    ConvCase(channels=16, gain=2.0**-9, extreme_weights=True, **_RELU),
    ConvCase(channels=16, gain=2.0**-9, extreme_weights=True, **_ONE),
    ConvCase(channels=16, gain=1e-9, **_ONE),
    ConvCase(channels=16, bias="large", **_ONE),
    ConvCase(channels=16, bias="int32 max", **_RELU),
    # On a single input channel this is a convolution.
    ConvCase(height=9, width=8, channels=1, stride=(2, 2), outputs=8, activation="RELU",
             out_zero=-128),
)  # fmt: skip


def random_depthwise_cases(rng: np.random.Generator, count: int) -> Iterator[ConvCase]:
    """Depthwise convolutions of the kind that models have, with random sizes."""

    def pick(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    for _ in range(count):
        out_zero, activation = pick((-128, "RELU"), (-128, "RELU6"), (7, "NONE"), (-40, "RELU"))
        yield ConvCase(
            height=int(rng.integers(4, 14)),
            width=int(rng.integers(4, 14)),
            channels=pick(1, 4, 8, 16, int(rng.integers(1, 10)), int(rng.integers(16, 40))),
            outputs=pick(1, 1, 1, 2),
            kernel=pick((3, 3), (3, 3), (int(rng.integers(1, 6)), int(rng.integers(1, 6)))),
            stride=pick((1, 1), (2, 2), (1, 2), (2, 1)),
            padding=pick("SAME", "VALID"),
            batches=pick(1, 1, 2),
            in_zero=int(rng.integers(-128, 128)),
            out_zero=out_zero,
            activation=activation,
            gain=float(np.exp(rng.uniform(np.log(2e-4), np.log(0.2)))),
        )
