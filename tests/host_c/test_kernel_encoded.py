"""Dense layers with encoded weights, as plain C, against both oracles."""

from __future__ import annotations

import pytest
from support.cases.encoded import (
    CASES,
    ENCODINGS,
    PreferEncoding,
    add_encoded,
    random_cases,
)
from support.cases.fast import FAMILIES as THUMB2
from support.cases.kernels import BOTH, KernelCases

from tinycompress.artifacts import ExactTo

TARGETS = {**THUMB2, "thumb1": {"core": "cortex-m0plus", "dsp": False}}


def _cases(seed: int, family: str, prefer: PreferEncoding, more: int = 0) -> KernelCases:
    cases = KernelCases(seed)
    cases.target = dict(TARGETS[family])
    cases.prefer = prefer
    for case in (*CASES, *random_cases(cases.rng, more)):
        add_encoded(cases, case)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("family", ["dsp", "mla"])
def test_encoded_layers_are_exact(family: str, encoding: str, exact_to: ExactTo) -> None:
    prefer = PreferEncoding(encoding)
    assert _cases(81, family, prefer, 20).mismatches(exact_to) == []
    assert prefer.found >= 10


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("family", TARGETS)
def test_encoded_layers_have_no_undefined_behaviour(family: str, encoding: str) -> None:
    prefer = PreferEncoding(encoding, last=True)
    assert _cases(82, family, prefer).sanitized_mismatches("tflm") == 0
    assert prefer.found >= 8


@pytest.mark.parametrize(
    ("encoding", "family"), [*((name, "plain") for name in ENCODINGS), ("lut", "dsp")]
)
def test_both_roundings_are_among_the_cases(encoding: str, family: str) -> None:
    used = {
        layer.kernel
        for exact_to in BOTH
        for layer in _cases(81, "dsp", PreferEncoding(encoding), 20).sources(exact_to).layers
    }
    for rounding in ("fitted", "two_roundings"):
        assert f"fully_connected_{encoding}_s8_{rounding}_{family}" in used
