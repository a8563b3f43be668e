"""A table of 256 results looked up by an int8 value: three operators of a file, one kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from support.cases.kernels import BOTH, KernelCases, options

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.verdict import require_aot
from tinycompress.ir.reader import read_model

SHAPES = ([1, 256], [2, 3, 4, 5], [7])


def _look_up(
    cases: KernelCases,
    shape: list[int],
    table: npt.NDArray[np.int8],
    *,
    first: int = 128,
    activation: str = "NONE",
) -> None:
    b = cases.builder
    x = cases.input(shape, 0.1, 3)
    index, place = b.tensor(shape, "INT32"), b.tensor(shape, "INT32")
    b.op("CAST", [x], [index], options("Cast", inDataType=9, outDataType=2))
    added = [index, cases.int32([first])]
    b.op("ADD", added, [place], options("Add", fusedActivationFunction=activation))
    values = b.tensor(table.shape, data=table, scales=[0.2], zero_points=[5])
    y = cases.activation(shape, 0.2, 5)
    cases.op(f"{shape} from {first}", "GATHER", [values, place], y, options("Gather"))


def _cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for shape in SHAPES:
        _look_up(cases, shape, cases.rng.integers(-128, 128, 256).astype(np.int8))
        _look_up(cases, shape, np.maximum(np.arange(-128, 128), 5).astype(np.int8))
    # The same operators, but other indices: these stay what they are.
    _look_up(cases, [4, 6], cases.rng.integers(-128, 128, 300).astype(np.int8))
    _look_up(cases, [4, 6], cases.rng.integers(-128, 128, 256 + 7).astype(np.int8), first=135)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
def test_a_lookup_is_exact(exact_to: ExactTo) -> None:
    assert _cases(171).mismatches(exact_to) == []


def test_a_lookup_has_no_undefined_behaviour() -> None:
    assert _cases(172).sanitized_mismatches("tflm") == 0


def test_only_whole_tables_are_folded() -> None:
    ops = require_aot(read_model(_cases(173).tflite()), CodegenOptions()).ops
    assert [op.kind for op in ops].count("GATHER") == 2 * len(SHAPES) + 2
    assert [op.kind for op in ops].count("CAST") == 2
