"""Convolutions with weights that can be encoded, and the preference for tiles of one encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.cases.conv import ConvCase
from support.cases.encoded import encoding_of, thin_fours
from support.cases.fast import FAMILIES as THUMB2
from support.cases.kernels import KernelCases
from tinycompress.codegen.choosing.candidates import Candidate

ENCODINGS = ("gap_tokens", "lut", "huffman", "patterns")
FAMILIES = {
    "mve": THUMB2["mve"],
    "dsp": THUMB2["dsp"],
    "mla": THUMB2["mla"],
    "thumb1": {"core": "cortex-m0plus", "dsp": False},
}
# Such a line is fitted; without activation two roundings are needed.
_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128, "gain": 0.004}

CASES = (
    # Groups that are whole and that are not; channels beyond the last group; tiles beyond a power
    # of two; one to seven pixels; two batches.
    ConvCase(channels=64, outputs=12, kernel=(1, 1), height=1, width=7, **_RELU),
    ConvCase(channels=96, outputs=16, kernel=(1, 1), height=2, width=3, **_RELU),
    ConvCase(channels=64, outputs=13, kernel=(1, 1), height=1, width=4),
    ConvCase(channels=36, outputs=14, kernel=(1, 1), height=2, width=3, **_RELU),
    ConvCase(channels=20, outputs=23, kernel=(1, 1), height=1, width=5, **_RELU),
    ConvCase(channels=128, outputs=3, kernel=(1, 1), height=1, width=2),
    ConvCase(channels=40, outputs=16, kernel=(1, 1), height=1, width=8, batches=2),
    ConvCase(channels=16, outputs=24, kernel=(1, 1), stride=(2, 2)),
    ConvCase(channels=48, outputs=40, kernel=(1, 1), height=1, width=3),
    ConvCase(channels=1, outputs=24, kernel=(10, 4), height=12, width=5, stride=(2, 2), **_RELU),
    ConvCase(channels=2, outputs=25, kernel=(3, 3), **_RELU),
    ConvCase(channels=3, outputs=16, kernel=(3, 3), stride=(2, 2), height=8, width=8, **_RELU),
    ConvCase(channels=3, outputs=8, kernel=(5, 5), batches=2),
    ConvCase(channels=8, outputs=9, kernel=(3, 3), height=4, width=9, stride=(2, 1)),
    ConvCase(channels=12, outputs=11, kernel=(2, 3), padding="VALID", batches=3, **_RELU),
    ConvCase(channels=16, outputs=16, kernel=(3, 3), height=6, width=6, in_zero=-128),
    ConvCase(channels=16, outputs=8, kernel=(5, 1), height=3, width=4, in_zero=127),
    # What saturation to int8 does not clamp; two roundings; steep lines.
    ConvCase(channels=32, outputs=16, activation="RELU6", out_zero=-20, gain=0.05),
    ConvCase(channels=32, outputs=10, activation="RELU_N1_TO_1", out_zero=100),
    ConvCase(channels=32, outputs=8, gain=0.2),
    ConvCase(channels=32, outputs=6, per_channel=False, bias="large", **_RELU),
)


class FewValues(KernelCases):
    """Cases whose weights have few values, and many zeros."""

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        values = self.rng.integers(-largest, largest + 1, int(self.rng.choice([2, 3, 7, 15, 30])))
        data = self.rng.choice(values, shape)
        data[self.rng.random(data.shape) < self.rng.choice([0.4, 0.5, 0.8, 0.95])] = 0
        return data.astype(np.int8)


class FewOfFour(FewValues):
    """Cases of which every four weights have one or two, in the order of the file.

    Kernels that read the taps of a row in another order get so few weights that it does not matter.
    """

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        data = super().weight_values(shape, largest, extreme=extreme)
        if shape[-1] % 4:
            data[self.rng.random(data.shape) < 0.9] = 0
        thin_fours(data.reshape(shape[0], -1), int(self.rng.integers(1, 3)))
        return data


def cases_for(encoding: str, seed: int) -> FewValues:
    """Cases with weights that an encoding is for."""
    return FewOfFour(seed) if encoding == "patterns" else FewValues(seed)


def around_zero(
    rng: np.random.Generator, shape: Sequence[int], deviation: float, largest: int = 127
) -> npt.NDArray[np.int8]:
    """Weights as training leaves them: normally distributed, so that codes have many lengths."""
    found = rng.normal(0, deviation, shape).round()
    weights: npt.NDArray[np.int8] = np.clip(found, -largest, largest).astype(np.int8)
    return weights


class AroundZero(KernelCases):
    """Cases with weights of `around_zero`."""

    deviation = 20.0

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        return around_zero(self.rng, shape, self.deviation, largest)


class PreferTiles:
    """Takes any way of an encoding in turns, so that tiles are of all sizes."""

    def __init__(self, encoding: str, turn: int = 0) -> None:
        self.kernels: set[str] = set()
        self.tiles: set[int] = set()
        self.encoding = encoding
        self._turn = turn

    def __call__(self, candidates: Sequence[Candidate]) -> Candidate:
        fitting = [each for each in candidates if encoding_of(each) == self.encoding]
        if not fitting:
            return candidates[0]
        self._turn += 1
        taken = fitting[self._turn % len(fitting)]
        (layer,) = taken.layers
        assert layer.encoded is not None
        self.kernels.add(layer.kernel.name)
        self.tiles.add(layer.encoded.tiles)
        return taken
