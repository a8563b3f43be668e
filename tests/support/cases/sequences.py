"""Sequences of inferences of models that keep state, against an oracle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.host_model import HostModel
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs
from tinycompress.oracle import open_oracle

Sample = tuple[npt.NDArray[Any], ...]


def differing_bytes(tflite: bytes, exact_to: ExactTo, steps: int = 30) -> int:
    """Elements that differ from the oracle's in two sequences of random inputs, each reset."""
    specs, rng = input_specs(read_model(tflite).main), np.random.default_rng(3)

    def sample() -> Sample:
        return tuple(rng.integers(-128, 128, spec.shape).astype(spec.dtype) for spec in specs)

    sequences = [[sample() for _ in range(steps)] for _ in range(2)]
    return differing_in(tflite, exact_to, sequences)


def differing_in(tflite: bytes, exact_to: ExactTo, sequences: Sequence[Sequence[Sample]]) -> int:
    """Elements that differ from the oracle's in sequences of inputs, each after a reset."""
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    model, oracle, wrong = HostModel(sources), open_oracle(tflite, exact_to), 0
    for sequence in sequences:
        model.reset()
        for step, sample in enumerate(sequence):
            expected = oracle.run(*sample) if step == 0 else oracle.step(*sample)
            for want, have in zip(expected, model.run(*sample), strict=True):
                wrong += int((want.reshape(-1) != have.reshape(-1)).sum())
    return wrong
