"""Sequences of inferences of models that keep state, against an oracle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.host_model import HostModel
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.choosing.select import Preference
from tinycompress.codegen.generator import generate_sources
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs
from tinycompress.oracle import open_oracle

Sample = tuple[npt.NDArray[Any], ...]


def differing_bytes(
    tflite: bytes,
    exact_to: ExactTo,
    steps: int = 30,
    prefer: Preference | None = None,
    **target: Any,
) -> int:
    """Elements that differ from the oracle's in two sequences of random inputs, each reset.

    ``target`` are options of the core, and ``prefer`` takes the kernels.
    """
    specs, rng = input_specs(read_model(tflite).main), np.random.default_rng(3)

    def sample() -> Sample:
        return tuple(rng.integers(-128, 128, spec.shape).astype(spec.dtype) for spec in specs)

    sequences = [[sample() for _ in range(steps)] for _ in range(2)]
    return differing_in(tflite, exact_to, sequences, prefer, **target)


def differing_in(
    tflite: bytes,
    exact_to: ExactTo,
    sequences: Sequence[Sequence[Sample]],
    prefer: Preference | None = None,
    **target: Any,
) -> int:
    """Elements that differ from the oracle's in sequences of inputs, each after a reset."""
    options = CodegenOptions(exact_to=exact_to, **target)
    sources = generate_sources(read_model(tflite), options, prefer)
    model, oracle, wrong = HostModel(sources), open_oracle(tflite, exact_to), 0
    for sequence in sequences:
        model.reset()
        for step, sample in enumerate(sequence):
            expected = oracle.run(*sample) if step == 0 else oracle.step(*sample)
            for want, have in zip(expected, model.run(*sample), strict=True):
                wrong += int((want.reshape(-1) != have.reshape(-1)).sum())
    return wrong
