"""How good outputs are: classes, labels and values, by hand-made answers and by scikit-learn."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console
from sklearn import metrics
from support.models.tflite_files import Builder
from support.results import BENCHED, ODD

from tinycompress.artifacts import OutputAccuracy, OutputQuality, TensorSpec
from tinycompress.measurement.judged import qualities
from tinycompress.measurement.samples import Samples, load_samples, stored_samples
from tinycompress.quality.notes import chance_notes
from tinycompress.quality.plain import quality_json
from tinycompress.quality.tables import print_quality, quality_rows

SPREAD = np.linspace(-100, 100, 9).reshape(3, 3)
INPUT = (TensorSpec("x", (1, 3), "int8", 1.0, 0),)
OUTPUTS = (
    TensorSpec("age", (1, 3), "int8", 1.0, 0),
    TensorSpec("mood", (1, 1), "int8", 1 / 256, -128),
)
DEVICE = [(bytes([9, 0, 0]), b"\x01"), (bytes([0, 9, 0]), b"\x80"), (bytes([0, 0, 9]), b"\x7f")]


def model(*outputs: TensorSpec, last: str = "NEG") -> bytes:
    b = Builder()
    made = []
    inputs = []
    for spec in outputs:
        x = b.tensor(list(spec.shape), name=f"of_{spec.name}", scales=[1.0], zero_points=[0])
        y = b.tensor(
            list(spec.shape), name=spec.name, scales=[spec.scale], zero_points=[spec.zero_point]
        )
        b.op("LOGISTIC" if spec.name == "mood" else last, [x], [y])
        inputs.append(x)
        made.append(y)
    return b.pack(inputs, made)


def judged(
    outputs: tuple[TensorSpec, ...],
    answers: Sequence[tuple[bytes, ...]],
    labels: dict[str, Any],
    *,
    host: bool = True,
    last: str = "NEG",
    names: dict[str, Any] | None = None,
) -> tuple[OutputQuality, ...]:
    samples = Samples(
        (np.zeros((len(answers), 3)),),
        {name: np.asarray(y) for name, y in labels.items()},
        "t.npz",
        class_names={name: np.asarray(y) for name, y in (names or {}).items()},
    )
    stored = stored_samples(samples, INPUT, outputs)
    tflite = model(*outputs, last=last)
    return qualities(stored, outputs, tflite, answers, answers if host else None)


def one_output(values: npt.NDArray[Any], scale: float, zero: int, shape: tuple[int, ...]) -> Any:
    """An int8 output that is closest to real values, and its answers."""
    spec = TensorSpec("out", (1, *shape), "int8", scale, zero)
    stored = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
    return spec, [(row.tobytes(),) for row in stored], scale * (stored.astype(float) - zero)


# --- classes --------------------------------------------------------------------------------------


def test_each_output_has_its_own_labels_and_threshold() -> None:
    age, mood = judged(OUTPUTS, DEVICE, {"y0": [0, 1, 1], "y1": [1, 0, 1]})
    assert (age.index, age.name, mood.index, mood.name) == (0, "age", 1, "mood")
    assert age.score == age.host_score == pytest.approx(2 / 3)
    assert (age.kind, age.score_name) == ("classes", "accuracy")
    # 129 / 256 is above a probability of one half, 0 is not.
    assert mood.score == 1.0
    assert mood.confusion == ((1, 0), (0, 2))


def test_labels_of_one_output_alone() -> None:
    (mood,) = judged(OUTPUTS, DEVICE, {"y1": [1, 0, 0]}, host=False)
    assert (mood.name, mood.host_score) == ("mood", None)
    result = replace(BENCHED, quality=(mood,))
    assert result.accuracies == (OutputAccuracy(1, "mood", 2 / 3, None, 2 / 3),)


def test_chance_is_the_most_frequent_label() -> None:
    (age,) = judged(OUTPUTS, DEVICE, {"y0": [2, 2, 1]})
    assert age.chance == pytest.approx(2 / 3)
    (note,) = chance_notes((age,))
    assert "output 'age', 0.00%, is no better than chance (66.67%" in note


def test_labels_that_are_all_the_same_make_chance_one_class_of_all() -> None:
    (age,) = judged(OUTPUTS, DEVICE, {"y0": [2, 2, 2]})
    assert age.chance == pytest.approx(1 / 3)
    assert age.score == pytest.approx(1 / 3)
    assert len(chance_notes((age,))) == 1


def test_no_note_above_chance() -> None:
    assert chance_notes(judged(OUTPUTS, DEVICE, {"y0": [0, 1, 2], "y1": [1, 0, 1]})) == ()


def test_the_confusion_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    spec, answers, real = one_output(rng.uniform(-100, 100, (400, 7)), 1.0, 0, (7,))
    true = rng.integers(0, 7, 400)
    (found,) = judged((spec,), answers, {"y": true})
    said = real.argmax(axis=1)
    assert found.confusion is not None
    assert np.array(found.confusion).tolist() == metrics.confusion_matrix(true, said).tolist()
    assert found.score == pytest.approx(metrics.accuracy_score(true, said))
    recall = metrics.recall_score(true, said, average=None)
    assert [one.recall for one in found.per_class] == pytest.approx(recall)
    (one_hot,) = judged((spec,), answers, {"y": np.eye(7)[true]})
    assert one_hot.confusion == found.confusion


def test_every_pixel_has_a_class() -> None:
    values = np.array([[[[9, 0], [0, 9]], [[9, 0], [9, 0]]]] * 2)
    spec, answers, _ = one_output(values, 1.0, 0, (2, 2, 2))
    (found,) = judged((spec,), answers, {"y": [[[0, 1], [0, 1]]] * 2})
    assert (found.kind, found.score) == ("classes", 0.75)
    assert found.confusion == ((4, 0), (2, 2))


def test_very_many_classes_have_no_matrix() -> None:
    spec, answers, _ = one_output(np.zeros((2, 300)), 1.0, 0, (300,))
    (found,) = judged((spec,), answers, {"y": [0, 299]})
    assert (found.confusion, found.per_class, found.score) == (None, (), 0.5)


# --- labels of which several may be true ----------------------------------------------------------


def test_labels_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(6)
    spec, answers, real = one_output(rng.uniform(0, 1, (200, 5)), 1 / 256, -128, (5,))
    true = rng.integers(0, 2, (200, 5))
    true[:, 4] = 0
    (found,) = judged((spec,), answers, {"y": true}, last="LOGISTIC")
    said = real > 0.5
    assert (found.kind, found.score_name, found.confusion) == ("labels", "macro F1", None)
    wanted = metrics.f1_score(true, said, average=None, zero_division=1.0)
    assert [one.f1 for one in found.per_class] == pytest.approx(wanted)
    assert found.score == found.host_score == pytest.approx(wanted.mean())
    precision = metrics.precision_score(true[:, :4], said[:, :4], average=None)
    assert [one.precision for one in found.per_class[:4]] == pytest.approx(precision)
    assert found.per_class[4].recall is None


def test_logits_of_labels_change_at_zero() -> None:
    spec, answers, _ = one_output(np.array([[-1, 1], [1, -1], [1, 1]]), 1.0, 0, (2,))
    (found,) = judged((spec,), answers, {"y": [[0, 1], [1, 0], [1, 1]]})
    assert (found.kind, found.score) == ("labels", 1.0)


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 3])
def test_values_are_those_of_scikit_learn(width: int) -> None:
    rng = np.random.default_rng(7)
    true = rng.normal(20, 5, (100, width))
    spec, answers, real = one_output(true + rng.normal(0, 2, true.shape), 0.4, -50, (width,))
    (found,) = judged((spec,), answers, {"y": true if width > 1 else true.ravel()})
    assert (found.kind, found.score_name, found.confusion) == ("regression", "R²", None)
    assert found.score == pytest.approx(
        metrics.r2_score(true, real, multioutput="variance_weighted")
    )
    assert found.mean_absolute_error == pytest.approx(metrics.mean_absolute_error(true, real))


def test_whole_numbers_are_values_of_an_output_that_reaches_them() -> None:
    spec, answers, _ = one_output(np.array([[3.0], [30.0]]), 0.5, 0, (1,))
    (found,) = judged((spec,), answers, {"y": [3, 30]})
    assert (found.kind, found.score, found.mean_absolute_error) == ("regression", 1.0, 0.0)


def test_no_variance_is_no_score() -> None:
    spec, answers, _ = one_output(np.array([[3.0], [4.0]]), 0.5, 0, (1,))
    (found,) = judged((spec,), answers, {"y": [3.5, 3.5]})
    assert (found.score, found.mean_absolute_error) == (None, 0.5)
    assert "all its labels are the same" in chance_notes((found,))[0]
    assert next(iter(quality_rows(replace(BENCHED, quality=(found,)))))[1] == "-"


def test_values_no_better_than_their_mean_are_noted() -> None:
    spec, answers, _ = one_output(np.array([[4.0], [3.0]]), 0.5, 0, (1,))
    (note,) = chance_notes(judged((spec,), answers, {"y": [3.5, 4.5]}))
    assert "no better than always saying the mean" in note


# --- names of classes -----------------------------------------------------------------------------


def test_names_of_classes_come_with_the_samples(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", x=SPREAD, y=[0, 1, 2], class_names=["a", ODD, "c"])
    samples = load_samples(tmp_path / "s.npz")
    assert samples.others == {}
    stored = stored_samples(samples, INPUT, OUTPUTS[:1])
    assert stored.class_names == {0: ("a", ODD, "c")}
    assert stored.notes == ()


@pytest.mark.parametrize(
    ("names", "note"),
    [
        ({"class_names": ["a", "b"]}, "not 3 texts"),
        ({"class_names": [1, 2, 3]}, "not 3 texts"),
        ({"class_names7": ["a", "b", "c"]}, "of no output that has labels"),
    ],
)
def test_names_that_do_not_fit_are_noted(names: dict[str, Any], note: str) -> None:
    samples = Samples(
        (SPREAD,), {"y": np.arange(3)}, "t.npz",
        class_names={name: np.asarray(each) for name, each in names.items()},
    )  # fmt: skip
    stored = stored_samples(samples, INPUT, OUTPUTS[:1])
    assert stored.class_names == {}
    assert note in stored.notes[0]


# --- shown ----------------------------------------------------------------------------------------


def shown(*found: OutputQuality, width: int = 80, asked: bool = False) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    print_quality(replace(BENCHED, quality=found), console, asked=asked)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines()), default=0) <= width
    return text


def classified(classes: int, names: tuple[str, ...] | None = None) -> OutputQuality:
    rng = np.random.default_rng(classes)
    spec, answers, _ = one_output(rng.uniform(-100, 100, (500, classes)), 1.0, 0, (classes,))
    given = {} if names is None else {"class_names": names}
    (found,) = judged((spec,), answers, {"y": rng.integers(0, classes, 500)}, names=given)
    return found


def test_a_matrix_of_a_few_classes_is_shown_by_itself() -> None:
    found = classified(3, ("yes", ODD, "unknown"))
    text = shown(found)
    lines = text.splitlines()
    assert lines[0] == "Confusion: rows are the true class, columns what the device said"
    assert lines[1].split() == ["0", "1", "2", "recall"]
    assert found.confusion is not None
    assert lines[2].split()[:5] == ["0", "yes", *map(str, found.confusion[0])]
    assert "\x1b" not in text
    assert "[bold" in lines[3]


def test_twelve_classes_fit_80_columns() -> None:
    assert len(shown(classified(12)).splitlines()) == 14


def test_more_classes_are_shown_on_demand() -> None:
    found = classified(13)
    assert shown(found) == ""
    assert "Confusion" in shown(found, asked=True)


def test_a_matrix_wider_than_the_terminal_is_told_by_its_pairs() -> None:
    found = classified(40)
    text = shown(found, asked=True)
    assert "Most confused" in text
    assert "more pairs; --json has the matrix" in text
    assert found.confusion is not None
    worst = max(n for i, row in enumerate(found.confusion) for j, n in enumerate(row) if i != j)
    assert f" {worst} │" in text


def test_labels_are_shown_one_a_line() -> None:
    spec, answers, _ = one_output(np.array([[-1, 1], [1, -1], [1, 1]]), 1.0, 0, (2,))
    (found,) = judged(
        (spec,), answers, {"y": [[0, 1], [0, 0], [1, 1]]}, names={"class_names": ["dog", ODD]}
    )
    text = shown(found)
    assert "│ 0 dog" in text
    assert "50.0% " in text
    assert "\x1b" not in text


def test_json_of_a_quality() -> None:
    found = quality_json(classified(2, ("a", "b")))
    assert (found["class_names"], found["kind"]) == (["a", "b"], "classes")
    assert sum(map(sum, found["confusion"])) == 500
    assert set(found["per_class"][0]) == {"samples", "precision", "recall", "f1"}
