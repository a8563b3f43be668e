"""QUANTIZE and DEQUANTIZE between float32, uint8 and int8."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.host_model import HostModel

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import generate
from tinycompress.ir.reader import read_model

# float scales: the quotients have halves, are large, are tiny
SCALES = (0.5, 0.25, 0.1, 1 / 3, 1e-3, 1.0, 40.0, 3e4)
ZEROS = (-128, 0, 5, 127)


def _cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    table = [(scale, zero) for scale in SCALES for zero in ZEROS]
    table += [(cases.scale(1e-3, 3.0), cases.zero_point()) for _ in range(20)]
    for scale, zero in table:
        x = cases.plain_input([1, 64], "float32")
        y = cases.activation([1, 64], scale, zero)
        cases.op(f"QUANTIZE {scale:g}/{zero}", "QUANTIZE", [x], y, options("Quantize"))
        stored = cases.input([1, 64], scale, zero)
        real = cases.builder.tensor([1, 64], "FLOAT32")
        cases.op(f"DEQUANTIZE {scale:g}/{zero}", "DEQUANTIZE", [stored], real, None)
    return cases


def _byte_cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for in_type, out_type in (("int8", "uint8"), ("uint8", "int8")):
        for in_scale, out_scale in ((0.1, 0.1), (1 / 256, 1 / 256), (0.1, 0.03), (0.02, 0.5)):
            for in_zero, out_zero in ((-128, 0), (0, 128), (7, 100), (127, 255)):
                zeros = (in_zero, out_zero) if in_type == "int8" else (out_zero, in_zero)
                x = cases.input([1, 256], in_scale, zeros[0], in_type)
                y = cases.builder.tensor(
                    [1, 256], out_type.upper(), scales=[out_scale], zero_points=[zeros[1]]
                )
                label = f"{in_type} {in_scale:g}/{zeros[0]} to {out_scale:g}/{zeros[1]}"
                cases.op(label, "QUANTIZE", [x], y, options("Quantize"))
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_float_border_is_exact(exact_to: ExactTo) -> None:
    assert _cases(71).mismatches(exact_to) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_bytes_are_requantised_exactly(exact_to: ExactTo) -> None:
    assert _byte_cases(72).mismatches(exact_to) == []


def test_the_border_has_no_undefined_behaviour() -> None:
    assert _cases(73).sanitized_mismatches("tflm") == 0


def test_what_no_reference_defines_saturates() -> None:
    cases = KernelCases(74)
    x, y = cases.plain_input([1, 4], "float32"), cases.activation([1, 4], 1e-3, 5)
    cases.op("q", "QUANTIZE", [x], y, options("Quantize"))
    model = HostModel(generate(read_model(cases.tflite())))
    (stored,) = model.run(np.array([[3e38, -3e38, np.inf, -np.inf]], np.float32))
    assert stored.tolist() == [[127, -128, 127, -128]]
