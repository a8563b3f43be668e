"""Kernel cases in models of a few operators, and which kernels there are to be run."""

from __future__ import annotations

from support.cases.kernels import KernelCases, options
from support.cases.on_the_road import _parts, runnable_kernels

from tinycompress.ir.reader import read_model


def test_a_part_has_the_operators_that_lead_to_its_outputs() -> None:
    cases = KernelCases(1)
    for number in range(8):
        x = cases.input([1, 5], 0.1, 0)
        cases.op(f"ABS {number}", "ABS", [x], cases.activation([1, 5], 0.1, 0), options("Abs"))
    parts = [read_model(part).main for part in _parts(cases.tflite())]
    assert [len(part.ops) for part in parts] == [6, 2]
    assert [len(part.inputs) for part in parts] == [6, 2]


def test_runnable_kernels_are_those_that_layers_name() -> None:
    kernels = runnable_kernels()
    assert {"fully_connected_s8_half_away_ref", "conv_2d_s16_half_away_ref"} <= kernels
    assert "conv_2d_s16" not in kernels
    assert len(kernels) > 190
