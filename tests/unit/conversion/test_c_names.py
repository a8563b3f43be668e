"""Names of C arrays: any text becomes an identifier or is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.models.tflite_files import small_cnn

from tinycompress.conversion.c_names import comment_text, identifier
from tinycompress.conversion.carray import write_c_array
from tinycompress.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("model_data", "model_data"),
        ("vww-96 int8.v2", "vww_96_int8_v2"),
        ("8x8", "model_8x8"),
        ("_hidden__name_", "hidden_name"),
        ("Übergrößen", "Ubergroen"),
        ("int", "int_model"),
        ("class", "class_model"),
        ("string", "string_model"),
        ("stdint", "stdint_model"),
        ("exp", "exp_model"),
        ("expf", "expf_model"),
        ("main", "main_model"),
        ("../../etc/passwd", "etc_passwd"),
        ("a/b\\c\nd", "a_b_c_d"),
    ],
)
def test_names_become_identifiers(name: str, made: str, tmp_path: Path) -> None:
    assert identifier(name) == made
    source, header = write_c_array(small_cnn(), name, tmp_path)
    assert (source, header) == (tmp_path / f"{made}.c", tmp_path / f"{made}.h")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{made}.c", f"{made}.h"]


@pytest.mark.parametrize("name", ["", "   ", "模型", "---", "x" * 101])
def test_names_of_which_nothing_can_be_made(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_c_array(small_cnn(), name, tmp_path)
    assert "--name" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_any_name_is_an_identifier_or_refused(name: str) -> None:
    try:
        made = identifier(name)
    except ConfigError:
        return
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", made)
    assert "__" not in made
    assert identifier(made) == made


@given(st.text())
def test_comment_text_stays_inside_a_comment(text: str) -> None:
    made = comment_text(text)
    assert "*" not in made
    assert "\\" not in made
    assert made.isascii()
    assert made.isprintable() or made == ""
