"""Tables never get wider than their terminal, and lose what matters least."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tinycompress._console.fitted_table import Column, print_fitted

COLUMNS = (
    Column("layer", least=12),
    Column("op"),
    Column("MACs", right=True),
    Column("cycles / MAC", right=True, drop=2),
    Column("share", right=True, drop=1),
)
ROWS = (
    ("functional_1/block_1/depthwise_conv2d/Relu6;functional_1/batch_norm_7", "CONV_2D", "12,501",
     "1.25", "99.0%"),
    ("[bold]", "ADD", "-", "-", "1.0%"),
)  # fmt: skip
TOTALS = (("all layers", "", "12,501", "", ""),)


def printed(width: int) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    print_fitted(console, "Layers", COLUMNS, ROWS, totals=TOTALS)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [200, 100, 80, 60, 50, 40])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = printed(width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "12,501" in text
    assert "[bold]" in text


def test_a_wide_terminal_shows_everything() -> None:
    text = printed(200)
    assert ROWS[0][0] in text
    assert "no room" not in text


def test_a_name_keeps_both_ends() -> None:
    text = printed(80)
    assert "functional_1/" in text
    assert "batch_norm_7" in text
    assert "…" in text
    assert "cycles / MAC" in text


def test_columns_go_in_their_order() -> None:
    assert "(no room for: cycles / MAC; --json has them)" in printed(50)
    assert "no room for: cycles / MAC, share" in printed(40)
