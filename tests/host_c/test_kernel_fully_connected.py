from __future__ import annotations

import pytest
from support.cases.dense import EDGE_CASES, OVERFLOW_CASES, add_dense, random_case
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo


def _cases(seed: int, random_cases: int, exact_to: ExactTo) -> KernelCases:
    cases = KernelCases(seed)
    for case in EDGE_CASES:
        add_dense(cases, case)
    if exact_to == "tflm":
        # LiteRT converts a double beyond int32 here, which C++ leaves undefined.
        for case in OVERFLOW_CASES:
            add_dense(cases, case)
    for _ in range(random_cases):
        add_dense(cases, random_case(cases.rng))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_fully_connected_is_exact(exact_to: ExactTo) -> None:
    assert _cases(21, 60, exact_to).mismatches(exact_to, count=20) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_fully_connected_has_no_undefined_behaviour(exact_to: ExactTo) -> None:
    assert _cases(22, 0, exact_to).sanitized_mismatches(exact_to) == 0
