"""Portable C includes only what a freestanding C11 compiler brings: zig has no C library for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.common import ROOT

TEMPLATES = ROOT / "firmware_templates"
# C11, 4 paragraph 6.
FREESTANDING = {
    "float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdnoreturn.h",
}  # fmt: skip
COMPILERS_OWN = {"arm_acle.h", "arm_mve.h"}
"""Intrinsics of Arm cores: headers of the compiler, not of a library."""

HOSTED = ("mcu/host", "engine/aot/host", "engine/tflm", "framework/arduino", "framework/zephyr")
"""Programs for this PC, C++ on TFLM's library, and what a framework compiles with its own."""

_INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.MULTILINE)


def hosted_includes(text: str) -> set[str]:
    return set(_INCLUDE.findall(text)) - FREESTANDING - COMPILERS_OWN


def portable_sources() -> list[Path]:
    return [
        path
        for path in sorted(TEMPLATES.rglob("*"))
        if re.search(r"\.(c|h|S)(\.j2)?$", path.name)
        and not path.relative_to(TEMPLATES).as_posix().startswith(HOSTED)
    ]


def test_a_hosted_include_is_found() -> None:
    text = '#include "string.h"\n#include <stdint.h>\n  #  include <string.h>\n#include<stdio.h>'
    assert hosted_includes(text) == {"string.h", "stdio.h"}


def test_the_templates_are_read() -> None:
    names = {path.name for path in portable_sources()}
    assert {"tcm_model.c.j2", "tck_math.h", "lstm_s8_ref.h", "tc_startup.c"} <= names
    assert "driver.c" not in names


@pytest.mark.parametrize(
    "path", portable_sources(), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_no_header_of_a_c_library(path: Path) -> None:
    assert hosted_includes(path.read_text(encoding="utf-8")) == set()
