"""The table of layers: what a cell says, and that nothing is invented where nothing ran."""

from __future__ import annotations

from benchmarks.layers.keras_cases import cases
from benchmarks.layers.outcome import Answer, Cell
from benchmarks.layers.page import page
from benchmarks.layers.torch_cases import TORCH_CASES

ROWS = [case for case in cases() if case.name in ("Dense", "Conv1D", "Conv2D")]


def test_rows_have_names_of_their_own_and_other_frameworks_have_only_these() -> None:
    names = [case.name for case in cases()]
    assert len(set(names)) == len(names)
    assert set(TORCH_CASES) <= set(names)


def test_a_cell_says_what_came_of_it() -> None:
    refused = [Answer("refused", f"layer '{name}' is odd", "leave it out") for name in "ab"]
    text = page(
        ROWS,
        ("A", "B"),
        [
            Cell("Dense", "A", Answer("exact"), "tflm", compressed=refused[0], commit="abc"),
            Cell("Conv1D", "A", refused[1], "tflm"),
            Cell("Conv2D", "A", Answer("exact"), "litert", compressed=Answer("exact")),
            Cell("Dense", "B", Answer("absent")),
        ],
    )
    assert "| Dense | exact; recipe refused [1] | – |" in text
    assert "| Conv1D | refused [1] | not run |" in text
    assert "| Conv2D | exact, litert; compresses | not run |" in text
    assert "1. layer 'a' is odd. leave it out\n" in text
    assert "| A | 2 | 1 | 0 | 0 | 0 | 1 of 2 |" in text
