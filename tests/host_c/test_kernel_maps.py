"""RELU, RELU6 and QUANTIZE: functions of one element."""

from __future__ import annotations

import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo

SCALES = (
    (0.1, 0.1), (0.1, 0.05), (0.05, 0.1), (0.5, 0.25), (0.25, 0.5), (0.1, 1e-4), (1e-4, 0.1),
    (0.023, 0.0235), (0.003, 0.003), (1e-9, 3.0), (1e5, 1e-3), (0.0625, 0.05),
)  # fmt: skip


def _cases(seed: int, kind: str, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    table = [(*scales, in_zero, out_zero) for scales in SCALES
             for in_zero, out_zero in ((-128, -128), (0, 0), (127, -128), (5, 127))]  # fmt: skip
    for _ in range(random_cases):
        table.append((cases.scale(), cases.scale(), cases.zero_point(), cases.zero_point()))
    for in_scale, out_scale, in_zero, out_zero in table:
        if kind == "RELU6" and in_scale < 1e-8:
            continue  # six is beyond int32 there, which is refused
        # 256 elements: every input value is among the random ones sooner or later.
        x = cases.input([1, 256], in_scale, in_zero)
        y = cases.activation([1, 256], out_scale, out_zero)
        label = f"{kind} {in_scale:g}/{in_zero} to {out_scale:g}/{out_zero}"
        cases.op(label, kind, [x], y, options("Quantize") if kind == "QUANTIZE" else None)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", ["RELU", "RELU6", "QUANTIZE"])
def test_map_is_exact(kind: str, exact_to: ExactTo) -> None:
    assert _cases(61, kind, 20).mismatches(exact_to) == []


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "QUANTIZE"])
def test_map_has_no_undefined_behaviour(kind: str) -> None:
    assert _cases(62, kind, 0).sanitized_mismatches("tflm") == 0
