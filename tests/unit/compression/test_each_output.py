"""A stage's score says what it is, of which output; every output is held to the limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from support.models.tflite_files import Builder

from tinycompress.artifacts import ChannelQuality, OutputQuality
from tinycompress.cli.answers.compress import print_rows, row_line
from tinycompress.compression.checks.accuracy import check_accuracy, check_on_the_way, score_name
from tinycompress.compression.checks.lost import lost_in_integers
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, qualities, score
from tinycompress.compression.run.result import StageRow
from tinycompress.errors import MismatchError

RNG = np.random.default_rng(4)


def heads(kind: float, age: float, *, in_float: tuple[float, float]) -> tuple[OutputQuality, ...]:
    return (
        OutputQuality(0, "kind", "classes", kind, "accuracy", float_score=in_float[0]),
        OutputQuality(
            1, "age", "regression", age, "R²", float_score=in_float[1],
            mean_absolute_error=1.5, float_mean_absolute_error=1.25,
        ),
    )  # fmt: skip


def row(stage: str, quality: tuple[OutputQuality, ...]) -> StageRow:
    mean = float(np.mean([one.score for one in quality]))
    in_float = float(np.mean([one.float_score for one in quality]))
    return StageRow(
        1, stage, in_float, mean, 100, 90, 1000, 2000, "0" * 64, (), quality=quality
    )  # fmt: skip


BEFORE = row("original", heads(0.90, 0.95, in_float=(0.90, 0.95)))


def test_a_good_head_does_not_make_up_for_a_bad_one() -> None:
    after = row("qat", heads(1.0, 0.86, in_float=(1.0, 0.95)))
    assert after.int8_accuracy > BEFORE.float_accuracy
    with pytest.raises(MismatchError) as caught:
        check_accuracy(BEFORE, after, 0.02, agreement=tuple)
    assert caught.value.message == (
        "after qat the int8 R² of output 'age' is 0.8600, the float model's was 0.9500; allowed: a"
        " drop of 0.02"
    )


def test_heads_within_the_limit_pass() -> None:
    after = row("qat", heads(0.89, 0.94, in_float=(0.9, 0.95)))
    check_accuracy(BEFORE, after, 0.02, agreement=tuple)


def test_a_channel_that_others_hide_is_held_to_the_limit() -> None:
    def boxes(r2: float, worst: float) -> OutputQuality:
        channels = tuple(ChannelQuality(one, 0.1) for one in (0.99, worst))
        return OutputQuality(
            0, "boxes", "regression", r2, "R²", float_score=r2, channels=channels,
            float_channels=channels,
        )  # fmt: skip

    before, after = row("original", (boxes(0.98, 0.9),)), row("qat", (boxes(0.975, 0.4),))
    check_accuracy(before, before, 0.02, agreement=tuple)
    with pytest.raises(MismatchError, match=r"R² of value 1 of output 'boxes' is 0\.4000"):
        check_accuracy(before, after, 0.02, agreement=tuple)


def test_on_the_way_a_good_head_does_not_make_up_for_a_bad_one_either() -> None:
    after = row("prune", heads(1.0, 0.7, in_float=(1.0, 0.75)))
    assert after.int8_accuracy > BEFORE.float_accuracy - 0.1
    with pytest.raises(MismatchError) as caught:
        check_on_the_way(BEFORE, after, 0.1, at_the_end=0.02, left=["qat"])
    assert "the R² of output 'age' is 0.7500 (float 0.7500, int8 0.7000)" in caught.value.message
    check_on_the_way(BEFORE, after, 0.25, at_the_end=0.02, left=["qat"])


def test_one_output_has_its_own_name() -> None:
    (_, age), (_, worse) = BEFORE.quality, heads(1.0, 0.5, in_float=(1.0, 0.95))
    with pytest.raises(MismatchError, match=r"after qat the int8 R² is 0\.5000"):
        check_accuracy(row("original", (age,)), row("qat", (worse,)), 0.02, agreement=tuple)
    assert score_name(BEFORE.quality) == "mean of R² and accuracy"


def test_a_row_says_what_its_scores_are(capsys: pytest.CaptureFixture[str]) -> None:
    line = row_line(BEFORE)
    assert "accuracy of output 0 (kind): float 90.00%, int8 90.00%" in line
    assert "R² of output 1 (age): float 0.9500, int8 0.9500" in line
    assert "mean absolute error of output 1 (age): float 1.25, int8 1.5" in line
    print_rows([BEFORE], title="Recipe")
    shown = capsys.readouterr().out
    assert "kind accuracy 90.00%" in shown
    assert "age R² 0.9500" in shown
    alone = row("original", BEFORE.quality[1:])
    print_rows([alone], title="Recipe")
    shown = capsys.readouterr().out
    assert "%" not in shown
    assert "R²" in shown


def test_a_row_comes_back_from_json() -> None:
    assert StageRow.from_json(BEFORE.to_json()) == BEFORE
    old = {key: value for key, value in BEFORE.to_json().items() if key != "quality"}
    assert StageRow.from_json(old) == replace(BEFORE, quality=())


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (Task("classes", 12, False, 4, shape=(2, 2, 3)), "pixel accuracy"),
        (Task("classes", 12, True, 4, shape=(4, 3)), "accuracy per step"),
        (Task("binary", 4, False, shape=(2, 2, 1)), "pixel accuracy"),
        (Task("binary", 1, True), "accuracy"),
        (Task("binary", 3, True), "macro F1"),
        (Task("regression", 3, True), "R²"),
    ],
)
def test_a_task_is_scored_as_an_output_is(task: Task, name: str) -> None:
    labels = RNG.integers(0, 2, (40, task.positions if task.kind == "classes" else task.width))
    said = np.eye(3)[labels] if task.kind == "classes" else labels * 0.9
    (found,) = qualities([task], Data((labels,), (labels,)), [said])
    assert found.score_name == name
    assert found.score == pytest.approx(0.96 if name == "R²" else 1.0, abs=0.03)


def test_labels_that_never_change_score_nothing() -> None:
    assert score(Task("regression", 1, True), np.ones((5, 1)), np.ones((5, 1))) == 0.0


@dataclass(frozen=True)
class Head:
    tflite: bytes
    stored: Any


def head(values: Any, scale: float) -> Head:
    b = Builder()
    x = b.tensor([1, 1], name="x", scales=[1.0], zero_points=[0])
    y = b.tensor([1, 1], name="age", scales=[scale], zero_points=[-128])
    b.op("NEG", [x], [y])
    stored = np.clip(np.round(values / scale) - 128, -128, 127).astype(np.int8)
    return Head(b.pack([x], [y]), stored)


def test_a_head_that_saturates_is_noted() -> None:
    ages = RNG.uniform(0, 70, (200, 1)).astype(np.float32)
    narrow, wide = head(ages, 43.6 / 255), head(ages, 70 / 255)
    task = Task("regression", 1, True)
    (note,) = lost_in_integers(narrow.tflite, [ages], [narrow.stored], [task], [ages])
    assert "saturates" in note
    assert "beyond the 0 to 43.6" in note
    assert lost_in_integers(wide.tflite, [ages], [wide.stored], [task], [ages]) == ()
    # The float model itself is as narrow: labels tell.
    clipped = np.minimum(ages, 43.6)
    (note,) = lost_in_integers(narrow.tflite, [clipped], [narrow.stored], [task], [ages])
    assert "of the labels' values" in note
