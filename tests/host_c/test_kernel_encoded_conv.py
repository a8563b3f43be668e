"""Convolutions on tiles of decoded weights, as plain C, against both oracles."""

from __future__ import annotations

import pytest
from support.cases.conv import add_conv
from support.cases.encoded_conv import (
    CASES,
    ENCODINGS,
    FAMILIES,
    FewValues,
    PreferTiles,
    cases_for,
)
from support.cases.fast import random_conv_cases
from support.cases.kernels import BOTH

from tinycompress.artifacts import ExactTo


def _cases(seed: int, family: str, prefer: PreferTiles, more: int = 0) -> FewValues:
    cases = cases_for(prefer.encoding, seed)
    cases.target = dict(FAMILIES[family])
    cases.prefer = prefer
    for case in (*CASES, *random_conv_cases(cases.rng, more)):
        add_conv(cases, case)
    return cases


@pytest.mark.slow
@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_tiles_are_exact(family: str, encoding: str, exact_to: ExactTo) -> None:
    prefer = PreferTiles(encoding)
    assert _cases(91, family, prefer, 12).mismatches(exact_to) == []
    operators = ["conv_2d"] if family == "thumb1" else ["conv_1x1", "conv_2d"]
    operators += ["conv_2d_rows"] if family == "dsp" else []
    # Layers that a vector kernel cannot requantise take another family's.
    assert {name for name in prefer.kernels if name.endswith(f"_{family}")} == {
        f"{operator}_{encoding}_s8_{rounding}_{family}"
        for operator in operators
        for rounding in ("fitted", "two_roundings")
    }
    assert min(prefer.tiles) == 1
    assert max(prefer.tiles) > 2


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_tiles_have_no_undefined_behaviour(family: str, encoding: str) -> None:
    for turn in range(2):
        prefer = PreferTiles(encoding, turn)
        assert _cases(92, family, prefer).sanitized_mismatches("tflm") == 0
        assert prefer.kernels
