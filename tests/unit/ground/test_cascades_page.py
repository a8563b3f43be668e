"""The cascades' page is that of the figures, and people are told and counted as they should be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT

from benchmarks.cascades import run
from benchmarks.cascades.coco128 import (
    DIRECTORY,
    Picture,
    by_middle,
    by_middle_half,
    cropped,
    pictures_of,
)
from benchmarks.ways import run_command
from benchmarks.whole_networks.detection import average_precision
from tinycompress.errors import ConfigError

FIGURES = json.loads((ROOT / "docs" / "cascades.json").read_text(encoding="utf-8"))
GRID = 10


def picture(*boxes: tuple[float, float, float, float]) -> Picture:
    pixels = np.full((40, 60, 3), 0.5, np.float32)
    return Picture(pixels, np.array(boxes, np.float32).reshape(-1, 4))


TWO = [picture((0.1, 0.12, 0.5, 0.92), (0.6, 0.2, 0.9, 0.4)), picture(), picture((0, 0, 1, 1))]


def test_the_page_is_that_of_the_figures() -> None:
    assert (ROOT / "docs" / "cascades.md").read_text(encoding="utf-8") == run.page(FIGURES)


def test_every_cascade_is_exact() -> None:
    runs = [*FIGURES["words"]["runs"], *FIGURES["people"]["runs"]]
    runs += [FIGURES["pictures"]["detector"], FIGURES["pictures"]["person"]]
    assert all(one["unlike_oracle"] == 0 for one in runs)
    assert all(one.get("unlike_oracle_alone", 0) == 0 for one in runs)


def test_figures_of_people_stay_where_the_pictures_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(DIRECTORY, raising=False)
    assert run.PARTS["people"](tmp_path) == FIGURES["people"]
    assert f"{DIRECTORY} is not set" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="no pictures of val2017") as told:
        pictures_of("val2017")
    assert DIRECTORY in str(told.value.hint)


def test_one_part_is_measured_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures, page = tmp_path / "found.json", tmp_path / "found.md"
    figures.write_text('{"a": 1, "b": 2}')
    monkeypatch.setattr("sys.argv", ["benchmark", "--part", "b", "--scratch", str(tmp_path)])
    monkeypatch.setattr("benchmarks.ways._tf.make_deterministic", lambda *_, **__: None)
    parts = {"a": lambda _: 10, "b": lambda _: 20}
    run_command("About.", figures, page, tmp_path, lambda _: {}, str, parts)
    assert json.loads(figures.read_text()) == {"a": 1, "b": 20}
    assert page.read_text() == "{'a': 1, 'b': 20}"


def test_people_belong_to_the_cell_of_their_middle() -> None:
    boxes, there = by_middle(TWO, GRID)
    assert np.argwhere(there[..., 0]).tolist() == [[0, 3, 7], [0, 5, 3], [2, 5, 5]]
    np.testing.assert_allclose(boxes[0, 5, 3], (0, 0.2, 0.4, 0.8), atol=1e-5)
    wide, many = by_middle_half(TWO, GRID)
    assert (many >= there).all()
    rows, columns = np.nonzero(many[2, ..., 0])
    assert {*rows.tolist()} == {*columns.tolist()} == set(range(2, 8))
    # Every one of these cells says the same box.
    middles = wide[2, rows, columns, :2] + np.stack([columns, rows], axis=1)
    np.testing.assert_allclose(middles, 5.0, atol=1e-5)


@pytest.mark.parametrize("of", [by_middle, by_middle_half])
def test_what_is_said_right_scores_one(of: object) -> None:
    labels = by_middle(TWO, GRID)
    assert callable(of)
    boxes, there = of(TWO, GRID)
    assert average_precision(labels, (boxes, there * 0.7), GRID, 0.5) == 1.0
    assert average_precision(labels, (boxes, np.zeros_like(there)), GRID, 0.5) == 0.0


def test_boxes_count_by_what_they_have_in_common() -> None:
    boxes, there = by_middle(TWO, GRID)
    narrow = boxes * [1, 1, 0.6, 0.6]
    assert average_precision((boxes, there), (narrow, there), GRID, 0.5) == 0.0
    assert average_precision((boxes, there), (narrow, there), GRID, 0.25) == 1.0
    made_up = there.copy()
    made_up[1, 0, 0] = 2.0  # the surest of all, and nothing is there
    precision = average_precision((boxes, there), (boxes, made_up), GRID, 0.5)
    assert 0.5 < precision < 1.0


def test_pieces_keep_whom_they_show() -> None:
    draw = np.random.default_rng(0)
    kept = 0
    for _ in range(200):
        piece = cropped(TWO[0], draw)
        assert piece.pixels.shape[2] == 3
        assert piece.pixels.size > 0
        assert ((piece.boxes >= 0) & (piece.boxes <= 1)).all()
        assert (piece.boxes[:, 2:] > piece.boxes[:, :2]).all()
        kept += len(piece.boxes)
    assert 0 < kept < 400
