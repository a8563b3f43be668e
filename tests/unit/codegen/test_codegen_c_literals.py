from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycompress.codegen import c_literals as c


@pytest.mark.parametrize(
    ("value", "c_type", "text"),
    [
        (0, "int32_t", "0"),
        (-1, "int32_t", "-1"),
        (-(2**31), "int32_t", "INT32_MIN"),
        (2**31 - 1, "int32_t", "2147483647"),
        (-(2**63), "int64_t", "INT64_MIN"),
        (2**62, "int64_t", "INT64_C(4611686018427387904)"),
        (-128, "int8_t", "-128"),
        (2**32 - 1, "uint32_t", "4294967295U"),
        (255, "uint8_t", "255"),
    ],
)
def test_integers(value: int, c_type: str, text: str) -> None:
    assert c.integer(value, c_type) == text


@pytest.mark.parametrize(
    ("value", "c_type"), [(128, "int8_t"), (-1, "uint8_t"), (2**31, "int32_t")]
)
def test_integers_that_do_not_fit(value: int, c_type: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        c.integer(value, c_type)


def test_array_rows_are_complete_and_narrow() -> None:
    data = np.arange(-128, 128, dtype=np.int8)
    text = c.array_rows(data, "int8_t")
    assert [int(n) for n in text.replace(",", " ").split()] == data.tolist()
    assert max(map(len, text.splitlines())) <= 100


@given(st.text())
def test_identifiers_are_identifiers(text: str) -> None:
    name = c.identifier(text)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert name not in c.RESERVED_WORDS
    assert len(name) <= 42


@pytest.mark.parametrize("word", ["int", "while", "3d", "double", "", "///", "main"])
def test_awkward_identifiers(word: str) -> None:
    assert c.identifier(word) in {"n_int", "n_while", "n_3d", "n_double", "unnamed", "n_main"}


@given(st.lists(st.sampled_from(["a", "a_2", "A", "a/2", "b"]), max_size=12))
def test_unique_names_are_unique(words: list[str]) -> None:
    names = c.UniqueNames()
    claimed = [names.claim(word) for word in words]
    assert len(set(claimed)) == len(claimed)


@given(st.text())
def test_comments_cannot_end_early(text: str) -> None:
    written = c.comment(text)
    assert "*/" not in written
    assert "/*" not in written
    assert written.isascii()
    assert "\n" not in written
    assert "??" not in written


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("model/conv2d_1/Relu;model/conv2d_1/BiasAdd;", "conv2d_1/Relu"),
        ("dense", "dense"),
        ("", ""),
        ("a/b/c/d", "c/d"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert c.short_name(name) == short
