"""CONV_2D by Winograd's F(2x2, 3x3): exact integers, in plain C against both oracles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases.conv import ConvCase, add_conv
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.candidates import Candidate
from tinycompress.codegen.ops.conv.winograd import transformed
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.gcc

_RELU: dict[str, Any] = {"activation": "RELU", "out_zero": -128}
CASES = (
    ConvCase(height=8, width=8, channels=16, outputs=16, gain=0.004),
    ConvCase(height=8, width=8, channels=16, outputs=16, gain=0.004, **_RELU),
    # Padding on all sides, none, and inputs whose zero point is at an end.
    ConvCase(height=6, width=16, channels=24, outputs=18, in_zero=-128, gain=0.004, **_RELU),
    ConvCase(height=10, width=18, channels=16, outputs=16, padding="VALID", gain=0.004),
    ConvCase(height=8, width=24, channels=32, outputs=20, in_zero=127, gain=0.004),
    # Odd numbers of rows and columns: tiles that reach out of the output.
    ConvCase(height=15, width=15, channels=16, outputs=16, gain=0.004, **_RELU),
    ConvCase(height=17, width=31, channels=16, outputs=16, gain=0.004),
    ConvCase(height=25, width=25, channels=16, outputs=16, padding="VALID", gain=0.004),
    ConvCase(height=8, width=8, channels=16, outputs=16, batches=2, gain=0.004, **_RELU),
    # The largest sums and products.
    ConvCase(height=8, width=8, channels=64, outputs=16, extreme_weights=True, gain=1e-5),
    ConvCase(height=8, width=8, channels=64, outputs=16, extreme_weights=True, gain=1e-5, **_RELU),
    ConvCase(height=8, width=8, channels=16, outputs=16, bias="large", gain=0.004),
    ConvCase(height=8, width=8, channels=16, outputs=16, per_channel=False, gain=0.3, **_RELU),
    ConvCase(height=8, width=8, channels=16, outputs=16, activation="RELU6", gain=0.1),
)  # fmt: skip
OTHERS = (
    ConvCase(height=8, width=8, channels=16, outputs=16, stride=(2, 2)),
    ConvCase(height=8, width=8, channels=16, outputs=16, kernel=(3, 1)),
    ConvCase(height=8, width=8, channels=8, outputs=16),
    ConvCase(height=8, width=8, channels=20, outputs=16),
    ConvCase(height=8, width=8, channels=16, outputs=17),
    ConvCase(height=8, width=8, channels=16, outputs=16, dilation=(2, 2)),
    # Four columns of every eight would be computed for nothing.
    ConvCase(height=8, width=12, channels=16, outputs=16),
)


def expanded(candidates: Sequence[Candidate]) -> Candidate:
    return next((each for each in candidates if each.is_expanded), candidates[-1])


def _cases(seed: int, given_cases: tuple[ConvCase, ...] = CASES) -> KernelCases:
    cases = KernelCases(seed)
    cases.target, cases.prefer = {"core": "cortex-m4", "dsp": True}, expanded
    for case in given_cases:
        add_conv(cases, case)
    return cases


def _kernels(cases: KernelCases) -> list[str]:
    options = CodegenOptions(**cases.target)
    sources = generate(read_model(cases.tflite()), options, prefer=cases.prefer)
    return [layer.kernel for layer in sources.layers]


def test_both_kernels_are_among_the_cases_and_no_other() -> None:
    assert set(_kernels(_cases(1))) == {
        "conv_2d_winograd_s8_fitted_dsp", "conv_2d_winograd_s8_two_roundings_dsp"
    }  # fmt: skip


def test_other_convolutions_have_no_such_kernel() -> None:
    assert not [name for name in _kernels(_cases(2, OTHERS)) if "winograd" in name]


@pytest.mark.parametrize("target", [{"core": "cortex-m55", "dsp": True, "mve": True},
                                    {"core": "cortex-m3", "dsp": False}])  # fmt: skip
def test_other_families_have_none(target: dict[str, Any]) -> None:
    cases = _cases(3)
    cases.target = target
    assert not [name for name in _kernels(cases) if "winograd" in name]


@pytest.mark.parametrize("exact_to", BOTH)
def test_outputs_are_exact(exact_to: ExactTo) -> None:
    assert _cases(4).mismatches(exact_to) == []


def test_there_is_no_undefined_behaviour() -> None:
    assert _cases(5).sanitized_mismatches("tflm") == 0


def _direct(inputs: Any, filters: Any) -> Iterator[tuple[int, int, int]]:
    for y in range(2):
        for x in range(2):
            yield y, x, int((inputs[y : y + 3, x : x + 3] * filters).sum())


@given(st.data())
def test_four_times_the_sums_come_out(data: st.DataObject) -> None:
    """The identity itself, in Python's integers, for any int8."""
    int8 = st.integers(-128, 127)
    g = np.array(data.draw(st.lists(int8, min_size=9, max_size=9)), np.int64).reshape(3, 3)
    d = np.array(data.draw(st.lists(int8, min_size=16, max_size=16)), np.int64).reshape(4, 4)
    b = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
    a = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
    u = transformed(g.reshape(1, 3, 3, 1)).reshape(4, 4)
    v = b @ d @ b.T
    assert np.abs(u).max() < 2**11
    assert np.abs(v).max() < 2**9
    found = a @ (u * v) @ a.T
    for y, x, wanted in _direct(d, g):
        assert found[y, x] == 4 * wanted


def test_only_budgets_expand_weights() -> None:
    """Flash is for the user to give."""
    case = ConvCase(height=48, width=48, channels=16, outputs=16, gain=0.004)
    tflite = _cases(6, (case,)).tflite()
    model = read_model(tflite)
    usual = generate(model, CodegenOptions())
    assert not [layer for layer in usual.layers if "winograd" in layer.kernel]
    much = generate(model, CodegenOptions(flash_allowance_bytes=100_000))
    assert [layer.kernel for layer in much.layers] == ["conv_2d_winograd_s8_two_roundings_dsp"]
    assert much.predicted_cost is not None
    assert usual.predicted_cost is not None
    assert much.predicted_cost < usual.predicted_cost
    little = generate(model, CodegenOptions(flash_allowance_bytes=usual.flash_estimate_bytes))
    assert not [layer for layer in little.layers if "winograd" in layer.kernel]
    fewer = generate(model, CodegenOptions(more_cycles=-1.0))
    assert [layer.kernel for layer in fewer.layers] == ["conv_2d_winograd_s8_two_roundings_dsp"]
    more = generate(model, CodegenOptions(more_cycles=0.0))
    assert not [layer for layer in more.layers if "winograd" in layer.kernel]
