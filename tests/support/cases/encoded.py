"""Cases of dense layers whose weights can be encoded, and the preference for one encoding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from support.cases.kernels import KernelCases, options
from tinycompress.codegen.choosing.candidates import Candidate

ENCODINGS = (
    "byte_tokens",
    "triple_tokens",
    "pair_tokens",
    "gap_tokens",
    "lut",
    "huffman",
    "patterns",
)


@dataclass(frozen=True)
class EncodedCase:
    inputs: int = 40
    outputs: int = 9
    zeros: float = 0.9
    """Share of the weights that are 0."""
    values: int = 7
    """How many others there are, at most."""
    batches: int = 1
    per_channel: bool = False
    empty_rows: int = 0
    """So many rows, the last ones, have no weights but 0."""
    in_zero: int = 4
    out_zero: int = -3
    activation: str = "NONE"
    gain: float = 0.01
    extreme: bool = False
    of_four: int = 4
    """So many of every four weights in a row are there, at most."""
    pointwise: bool = False
    """As a CONV_2D of 1x1 on one pixel."""


def weights_of(rng: np.random.Generator, case: EncodedCase) -> npt.NDArray[np.int8]:
    """Random weights, ``[outputs, inputs]``."""
    pool = np.array([-128, -127, -1, 1, 127]) if case.extreme else np.arange(-127, 128)
    pool = pool[pool != 0]
    values = rng.choice(pool, min(case.values, pool.size), replace=False)
    data = rng.choice(values, (case.outputs, case.inputs))
    data[rng.random(data.shape) < case.zeros] = 0
    thin_fours(data, case.of_four)
    if case.empty_rows:
        data[-case.empty_rows :] = 0
    return data.astype(np.int8)


def thin_fours(rows: npt.NDArray[np.signedinteger], kept: int) -> None:
    """Makes all but the largest so many weights of every four in a row 0, in place."""
    for first in range(0, rows.shape[1], 4):
        four = rows[:, first : first + 4]
        order = np.argsort(-np.abs(four.astype(np.int64)), axis=1, kind="stable")
        np.put_along_axis(four, order[:, kept:], 0, axis=1)


CASES = (
    EncodedCase(),
    EncodedCase(batches=3),
    EncodedCase(per_channel=True, batches=2),
    EncodedCase(inputs=700, outputs=12, zeros=0.97, values=31),
    EncodedCase(inputs=300, outputs=33, zeros=0.92, values=31, activation="RELU", out_zero=-128),
    EncodedCase(inputs=784, outputs=10, zeros=0.995, values=3),
    EncodedCase(inputs=64, outputs=16, zeros=0.9, empty_rows=5),
    EncodedCase(inputs=64, outputs=16, zeros=1.0),
    EncodedCase(inputs=400, outputs=4, zeros=0.99, empty_rows=2, in_zero=-128, out_zero=127),
    EncodedCase(inputs=900, outputs=6, zeros=0.3, values=3),
    EncodedCase(inputs=900, outputs=6, zeros=0.6, values=100, gain=2.0**-9),
    EncodedCase(inputs=37, outputs=21, zeros=0.0, values=2),
    EncodedCase(inputs=37, outputs=21, zeros=0.0, values=3, activation="RELU6"),
    EncodedCase(inputs=65, outputs=15, zeros=0.0, values=8),
    EncodedCase(inputs=130, outputs=15, zeros=0.0, values=16, batches=2),
    EncodedCase(inputs=130, outputs=30, zeros=0.0, values=29),
    EncodedCase(inputs=130, outputs=30, zeros=0.0, values=63),
    EncodedCase(inputs=300, outputs=40, zeros=0.5, values=120),
    EncodedCase(inputs=256, outputs=8, zeros=0.9, extreme=True, gain=1e-3),
    EncodedCase(inputs=256, outputs=8, zeros=0.9, gain=0.4),
    EncodedCase(inputs=128, outputs=7, zeros=0.9, pointwise=True),
    EncodedCase(inputs=33, outputs=12, zeros=0.0, values=4, pointwise=True, per_channel=True),
    EncodedCase(inputs=64, outputs=12, zeros=0.1, values=15, of_four=2, batches=2),
    EncodedCase(inputs=128, outputs=9, zeros=0.1, values=100, of_four=2, activation="RELU"),
    EncodedCase(inputs=784, outputs=6, zeros=0.0, values=15, of_four=1, gain=2.0**-9),
    EncodedCase(inputs=44, outputs=32, zeros=0.0, values=1, of_four=1, empty_rows=3),
    EncodedCase(inputs=200, outputs=13, zeros=0.5, values=31, of_four=2, gain=0.2),
    EncodedCase(inputs=96, outputs=20, zeros=0.0, values=7, of_four=2, pointwise=True),
)


def random_cases(rng: np.random.Generator, count: int) -> Iterator[EncodedCase]:
    """Of any size, from dense to empty, with any number of values."""
    for _ in range(count):
        yield EncodedCase(
            inputs=int(rng.integers(2, 260)),
            outputs=int(rng.integers(2, 40)),
            of_four=int(rng.choice([1, 2, 4, 4])),
            zeros=float(rng.choice([0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99])),
            values=int(2 ** rng.uniform(0, 7)),
            batches=int(rng.integers(1, 3)),
            per_channel=bool(rng.integers(2)),
            empty_rows=int(rng.integers(2)),
            in_zero=int(rng.integers(-128, 128)),
            out_zero=int(rng.integers(-128, 128)),
            gain=float(np.exp(rng.uniform(np.log(1e-4), np.log(0.2)))),
        )


def add_encoded(cases: KernelCases, case: EncodedCase) -> None:
    first, in_scale = 0.004, 0.05
    spread = 1.0 + cases.rng.random(case.outputs) if case.per_channel else np.ones(1)
    scales = [float(s) for s in first * spread]
    scales[0] = first
    if case.pointwise and not case.per_channel:
        scales = [first] * case.outputs
    middle = [1, 1] if case.pointwise else []
    data = weights_of(cases.rng, case).reshape([case.outputs, *middle, case.inputs])
    x = cases.input([case.batches, *middle, case.inputs], in_scale, case.in_zero)
    w = cases.builder.tensor(
        data.shape, data=data, scales=scales, zero_points=[0] * len(scales), axis=0
    )
    y = cases.activation(
        [case.batches, *middle, case.outputs], in_scale * first / case.gain, case.out_zero
    )
    bias = cases.bias(
        cases.rng.integers(-2000, 2000, case.outputs), [in_scale * scale for scale in scales]
    )
    if case.pointwise:
        table = options(
            "Conv2D", padding="VALID", strideH=1, strideW=1,
            fusedActivationFunction=case.activation,
        )  # fmt: skip
        cases.op(str(case), "CONV_2D", [x, w, bias], y, table)
        return
    table = options("FullyConnected", fusedActivationFunction=case.activation)
    cases.op(str(case), "FULLY_CONNECTED", [x, w, bias], y, table)


def encoding_of(candidate: Candidate) -> str | None:
    """The encoding of a candidate's weights, if it has one."""
    found = [layer.encoded for layer in candidate.layers if layer.encoded is not None]
    return found[0].encoding if found else None


class PreferEncoding:
    """Takes an encoding where an operator has it, the first or the last way; says how often."""

    def __init__(self, encoding: str, *, last: bool = False) -> None:
        self.found = 0
        self._encoding = encoding
        self._last = last

    def __call__(self, candidates: Sequence[Candidate]) -> Candidate:
        fitting = [each for each in candidates if encoding_of(each) == self._encoding]
        self.found += bool(fitting)
        return fitting[-1 if self._last else 0] if fitting else candidates[0]
