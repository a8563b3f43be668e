"""A short slice of `make fuzz`: fixed seeds, both oracles."""

from __future__ import annotations

import pytest
from fuzz_runner import Fuzzer, emitters
from kernel_cases import BOTH

from tinycompress.artifacts import ExactTo


@pytest.mark.parametrize("exact_to", BOTH)
def test_random_graphs_are_exact(exact_to: ExactTo) -> None:
    fuzzer = Fuzzer()
    fuzzer.run(1_000_000, 24, exact_to)
    assert fuzzer.tally.mismatches == []
    assert fuzzer.tally.graphs >= 16
    # Every kind of operator has its chance to come up.
    assert len(fuzzer.tally.operators) > len(emitters()) // 2
