"""Mutated files through the reader and the generator: generated, or refused as a whole."""

from __future__ import annotations

import time

import pytest
from support.fuzz.mutations import Mutator
from support.models.collection import Collection
from support.models.tflite_files import small_cnn

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

_LIMIT_S = 2.0


def _sweep(data: bytes, seed: int, count: int) -> tuple[int, float]:
    """Files refused, and the longest time that one took."""
    refused, longest = 0, 0.0
    for number, (kind, mutant) in enumerate(Mutator(data, seed).mutants(count)):
        start = time.process_time()
        try:
            generate(read_model(mutant), CodegenOptions())
        except ModelError:
            refused += 1
        except Exception as error:
            pytest.fail(f"mutant {number} of seed {seed} ({kind}): {type(error).__name__}: {error}")
        longest = max(longest, time.process_time() - start)
    return refused, longest


def test_mutants_of_a_small_model() -> None:
    refused, longest = _sweep(small_cnn(), 1, 60)
    assert 15 < refused < 60
    assert longest < _LIMIT_S


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["tflm/trained_lstm_int8", "mlperf_tiny/ad01_int8"],
)  # fmt: skip
def test_mutants_of_real_models(shared_data: Collection, name: str) -> None:
    data = shared_data.file(f"models/{name}.tflite").read_bytes()
    refused, longest = _sweep(data, 2, 4)
    assert refused > 0
    assert longest < _LIMIT_S
