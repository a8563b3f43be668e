"""A short slice of the Keras half of `make fuzz`: fixed seeds, both Kerases, both oracles."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH
from support.fuzz.keras_models import KerasMaker, run_keras
from support.fuzz.runner import Fuzzer

pytestmark = pytest.mark.tf


def test_random_keras_models_are_exact() -> None:
    fuzzer = Fuzzer()
    for seed in range(2_000_000, 2_000_004):
        run_keras(fuzzer, seed, variant=seed % 12)
    assert fuzzer.tally.mismatches == []
    assert all(fuzzer.tally.graphs[f"{exact_to}, from Keras"] >= 2 for exact_to in BOTH)


def test_a_seed_gives_one_model() -> None:
    makers = [KerasMaker(5), KerasMaker(5)]
    first, second = (maker.model() for maker in makers)
    assert makers[0].kinds == makers[1].kinds
    assert len(makers[0].kinds) > 0
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
