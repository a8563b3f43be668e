from __future__ import annotations

import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

# shape, paddings
EDGE_CASES = (
    ((1, 4, 4, 3), ((0, 0), (1, 1), (1, 1), (0, 0))),
    ((1, 4, 4, 3), ((0, 0), (0, 2), (3, 0), (0, 0))),
    ((1, 4, 4, 3), ((0, 0), (0, 0), (0, 0), (2, 1))),
    ((2, 3, 2, 2), ((1, 0), (0, 1), (2, 0), (0, 3))),
    ((1, 4, 4, 3), ((0, 0), (0, 0), (0, 0), (0, 0))),
    ((5,), ((2, 3),)),
    ((2, 5), ((0, 3), (1, 0))),
    ((2, 1, 3), ((0, 0), (2, 2), (0, 0))),
    ((1, 2, 3, 2, 2), ((0, 0), (1, 0), (0, 1), (1, 1), (2, 0))),
)


def _cases(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    table = list(EDGE_CASES)
    for _ in range(random_cases):
        shape = tuple(cases.shape(4, 4))
        pairs = tuple((int(a), int(b)) for a, b in cases.rng.integers(0, 3, (4, 2)))
        table.append((shape, pairs))
    for shape, pairs in table:
        zero = cases.zero_point()
        x = cases.input(shape, 0.1, zero)
        out = [n + a + b for n, (a, b) in zip(shape, pairs, strict=True)]
        y = cases.activation(out, 0.1, zero)
        cases.op(f"{shape} by {pairs}", "PAD", [x, cases.int32(pairs)], y, options("Pad"))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_pad_is_exact(exact_to: ExactTo) -> None:
    assert _cases(81, 25).mismatches(exact_to) == []


def test_pad_has_no_undefined_behaviour() -> None:
    assert _cases(82, 0).sanitized_mismatches("tflm") == 0
