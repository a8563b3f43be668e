"""Sequences of inferences of models that keep state, against an oracle."""

from __future__ import annotations

import numpy as np

from support.host_model import HostModel
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle


def differing_bytes(tflite: bytes, exact_to: ExactTo, steps: int = 30) -> int:
    """Elements that differ from the oracle's in two sequences of random inputs, each reset."""
    sources = generate(read_model(tflite), CodegenOptions(exact_to=exact_to))
    model, oracle = HostModel(sources), Oracle(tflite, exact_to)
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(2):
        model.reset()
        for step in range(steps):
            sample = [
                rng.integers(-128, 128, spec.shape).astype(spec.dtype) for spec in sources.inputs
            ]
            expected = oracle.run(*sample) if step == 0 else oracle.step(*sample)
            for want, have in zip(expected, model.run(*sample), strict=True):
                wrong += int((want.reshape(-1) != have.reshape(-1)).sum())
    return wrong
