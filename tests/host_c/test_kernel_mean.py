from __future__ import annotations

import pytest
from kernel_cases import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

# shape, axes, keep_dims, input scale, output scale
EDGE_CASES = (
    ((1, 4, 4, 3), (1, 2), False, 0.1, 0.1),
    ((1, 4, 4, 3), (1, 2), True, 0.1, 0.07),
    ((2, 5, 3, 7), (2, 1), True, 0.1, 0.03),
    ((2, 5, 3, 7), (-1,), False, 0.1, 0.2),
    ((2, 5, 3, 7), (0, 2), False, 0.1, 0.2),
    ((2, 5, 3, 7), (1, 3), True, 0.5, 0.25),
    ((2, 5, 3, 7), (0, 1, 2, 3), True, 0.5, 0.25),
    ((3, 4), (1,), False, 1.0, 1.0),
    ((1, 1, 1, 5), (1, 2), False, 0.1, 0.1),
    ((1, 8, 8, 2), (1, 2), False, 2.0, 0.001),
    ((1, 8, 8, 2), (1, 2), False, 1e-6, 4.0),
    ((1, 33, 31, 2), (1, 2), False, 0.1, 0.1),
    ((1, 6, 5, 4), (1, 1, 2), False, 0.1, 0.1),  # an axis twice
)


def _cases(seed: int, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    table = [(*case, zero) for case in EDGE_CASES for zero in (-128, 3)]
    for _ in range(random_cases):
        shape = tuple(cases.shape(4))
        count = int(cases.rng.integers(1, 5))
        axes = tuple(int(a) for a in cases.rng.permutation(4)[:count])
        keep = bool(cases.rng.integers(2))
        table.append((shape, axes, keep, cases.scale(), cases.scale(), cases.zero_point()))
    for shape, axes, keep, in_scale, out_scale, zero in table:
        x = cases.input(shape, in_scale, zero)
        reduced = {axis % len(shape) for axis in axes}
        out = [1 if i in reduced else n for i, n in enumerate(shape) if keep or i not in reduced]
        y = cases.activation(out, out_scale, -zero // 2)
        label = f"{shape} over {axes}, keep {keep}, {in_scale:g} to {out_scale:g}, zero {zero}"
        cases.op(label, "MEAN", [x, cases.int32(axes)], y, options("Reducer", keepDims=keep))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_mean_is_exact(exact_to: ExactTo) -> None:
    assert _cases(41, 50).mismatches(exact_to) == []


def test_mean_has_no_undefined_behaviour() -> None:
    assert _cases(42, 0).sanitized_mismatches("tflm") == 0
