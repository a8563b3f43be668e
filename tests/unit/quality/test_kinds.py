"""Every kind of output is judged as scikit-learn judges it: pixels, steps, anomalies, channels."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn import metrics
from support.results import BENCHED

from tinycompress.artifacts import OutputQuality, TensorSpec
from tinycompress.quality.labels import Target, class_names_of, labels_of
from tinycompress.quality.notes import chance_notes
from tinycompress.quality.plain import quality_from_json, quality_json, quality_lines
from tinycompress.quality.scores import Head, qualities_of, quality_of
from tinycompress.quality.tables import print_quality, quality_rows

RNG = np.random.default_rng(11)


def target_of(
    y: Any, shape: tuple[int, ...], *, inputs: Any = (), dtype: str = "int8", scale: float = 1.0
) -> Target:
    spec = TensorSpec("out", (1, *shape), dtype, scale, 0)
    labels, notes = labels_of({"y": np.asarray(y)}, "t.npz", len(y), [spec], inputs)
    assert notes == ()
    return labels[0]


def head(*shape: int, threshold: float = 0.0) -> Head:
    return Head(0, "out", (1, *shape), threshold)


# --- a class for every position -------------------------------------------------------------------


def test_pixels_have_an_accuracy_and_a_mean_iou() -> None:
    scores = RNG.normal(size=(20, 4, 5, 3))
    y = RNG.integers(0, 3, (20, 4, 5))
    said = scores.argmax(-1)
    for labels in (y, y[..., None], np.eye(3)[y]):
        found = quality_of(head(4, 5, 3), target_of(labels, (4, 5, 3)), scores)
        assert found.score_name == "pixel accuracy"
        assert found.score == pytest.approx(np.mean(said == y))
        wanted = metrics.jaccard_score(y.ravel(), said.ravel(), average="macro")
        assert found.mean_iou == pytest.approx(wanted)


@pytest.mark.parametrize("y_axis", [True, False])
def test_a_mask_of_one_channel_is_pixels_of_two_classes(y_axis: bool) -> None:
    scores = RNG.uniform(0, 1, (12, 6, 6, 1))
    y = RNG.integers(0, 2, (12, 6, 6, 1))
    target = target_of(y if y_axis else y[..., 0], (6, 6, 1), scale=1 / 256)
    found = quality_of(head(6, 6, 1, threshold=0.5), target, scores)
    assert (found.kind, found.score_name) == ("classes", "pixel accuracy")
    assert found.score == pytest.approx(np.mean((scores > 0.5) == y))
    wanted = metrics.jaccard_score(y.ravel(), scores.ravel() > 0.5, average="macro")
    assert found.mean_iou == pytest.approx(wanted)


def test_steps_of_a_sequence_have_an_accuracy_of_their_own_name() -> None:
    scores = RNG.normal(size=(9, 7, 4))
    y = RNG.integers(0, 4, (9, 7))
    found = quality_of(head(7, 4), target_of(y, (7, 4)), scores)
    assert found.score_name == "accuracy per step"
    assert found.score == pytest.approx(np.mean(scores.argmax(-1) == y))


def test_a_class_that_is_neither_true_nor_said_is_not_in_the_mean_iou() -> None:
    scores = np.eye(4)[[[[0, 1], [1, 0]]]]
    found = quality_of(head(2, 2, 4), target_of([[[0, 1], [1, 1]]], (2, 2, 4)), scores)
    assert found.mean_iou == pytest.approx((1 / 2 + 2 / 3) / 2)


@pytest.mark.parametrize("one_hot", [False, True])
def test_an_output_of_indexes_is_the_classes_themselves(one_hot: bool) -> None:
    y = RNG.integers(0, 3, (10, 4, 4))
    said = np.where(RNG.uniform(size=y.shape) < 0.7, y, RNG.integers(0, 4, y.shape))
    labels = np.eye(3)[y] if one_hot else y
    target = target_of(labels, (4, 4), dtype="int32")
    assert target.decided
    found = quality_of(Head(0, "out", (1, 4, 4)), target, said.astype(np.float32))
    assert found.score == pytest.approx(np.mean(said == y))
    matrix = metrics.confusion_matrix(y.ravel(), said.ravel(), labels=range(4))
    assert np.array(found.confusion).tolist() == matrix.tolist()


# --- labels, of which several may be true, at several positions ----------------------------------


def test_labels_of_positions_are_those_of_the_last_axis() -> None:
    scores = RNG.normal(size=(30, 5, 3))
    y = RNG.integers(0, 2, (30, 5, 3))
    found = quality_of(head(5, 3), target_of(y, (5, 3)), scores)
    assert (found.kind, len(found.per_class)) == ("labels", 3)
    wanted = metrics.f1_score(y.reshape(-1, 3), scores.reshape(-1, 3) > 0, average="macro")
    assert found.score == pytest.approx(wanted)


# --- values ---------------------------------------------------------------------------------------


def test_each_channel_has_its_own_error_and_r2() -> None:
    y = np.stack([RNG.uniform(0, 640, (50, 4)), RNG.uniform(0, 1, (50, 4))], -1)
    said = y + RNG.normal(0, 1, y.shape)
    found = quality_of(head(4, 2), target_of(y, (4, 2)), said)
    assert found.score is not None
    assert found.score > 0.99
    boxes, scores = found.channels
    for channel, one in enumerate((boxes, scores)):
        wanted = metrics.r2_score(
            y[..., channel], said[..., channel], multioutput="variance_weighted"
        )
        assert one.r2 == pytest.approx(wanted)
        assert one.mean_absolute_error == pytest.approx(
            metrics.mean_absolute_error(y[..., channel], said[..., channel])
        )
    (note,) = chance_notes((found,))
    assert note.startswith("value 1 of output 'out' is no better than always saying the mean")


# --- reconstructions ------------------------------------------------------------------------------


def anomalies() -> tuple[Any, Any, Any]:
    x = RNG.normal(3, 1, (80, 20))
    y = (np.arange(80) % 4 == 0).astype(int)
    said = x + RNG.normal(0, 0.1, x.shape) * (1 + 0.5 * y)[:, None]
    return x, y, said


def test_anomalies_are_told_by_the_area_under_the_curve() -> None:
    x, y, said = anomalies()
    found = quality_of(head(20), target_of(y, (20,), inputs=[x]), said)
    errors = np.mean((x - said) ** 2, axis=1)
    assert found.score_name == "AUC of the reconstruction error"
    assert found.score == pytest.approx(metrics.roc_auc_score(y, errors))
    assert found.mean_squared_error == pytest.approx(errors[y == 0].mean())
    assert found.mean_absolute_error == pytest.approx(np.abs(x - said)[y == 0].mean())


def test_equal_errors_count_half() -> None:
    x = np.zeros((4, 16))
    said = np.array([1.0, 1.0, 1.0, 2.0])[:, None] * np.ones((4, 16))
    found = quality_of(head(16), target_of([0, 1, 0, 1], (16,), inputs=[x]), said)
    assert found.score == pytest.approx(metrics.roc_auc_score([0, 1, 0, 1], [1, 1, 1, 4]))


def test_without_labels_an_output_like_the_input_is_a_reconstruction() -> None:
    x, _, said = anomalies()
    spec = TensorSpec("out", (1, 20), "int8", 1.0, 0)
    labels, notes = labels_of({}, "t.npz", 80, [spec], [x])
    assert notes == ()
    (found,) = qualities_of([head(20)], labels, [said])
    assert found.score_name == "R² of the reconstruction"
    wanted = metrics.r2_score(x, said, multioutput="variance_weighted")
    assert found.score == pytest.approx(wanted)


def test_an_output_that_is_nothing_like_the_input_of_its_shape_has_no_quality() -> None:
    x, _, said = anomalies()
    spec = TensorSpec("out", (1, 20), "int8", 1.0, 0)
    labels, _ = labels_of({}, "t.npz", 80, [spec], [x])
    assert qualities_of([head(20)], labels, [-said]) == ()


def test_labels_are_worth_more_than_a_shape() -> None:
    x = RNG.normal(size=(6, 20))
    assert target_of(np.arange(6), (20,), inputs=[x]).kind == "classes"
    assert target_of(x, (20,), inputs=[x]).kind == "regression"


def test_a_score_of_a_coin_is_noted() -> None:
    x, y, said = anomalies()
    (note,) = chance_notes(
        (quality_of(head(20), target_of(1 - y, (20,), inputs=[x]), said),), of="float"
    )
    assert note.startswith("the float AUC of the reconstruction error of output 'out', 0.")
    assert "no better than a coin" in note


# --- told -----------------------------------------------------------------------------------------


def all_kinds() -> list[OutputQuality]:
    x, y, said = anomalies()
    pixels = RNG.integers(0, 3, (20, 4, 5))
    values = RNG.normal(size=(30, 3))
    return [
        quality_of(head(20), target_of(y, (20,), inputs=[x]), said),
        quality_of(head(4, 5, 3), target_of(pixels, (4, 5, 3)), np.eye(3)[pixels]),
        quality_of(head(3), target_of(values, (3,)), values + 0.1),
    ]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_quality_comes_back_from_json(place: int) -> None:
    one = all_kinds()[place]
    assert quality_from_json(quality_json(one)) == one


def test_every_figure_says_what_it_is() -> None:
    reconstructed, pixels, values = all_kinds()
    lines = list(quality_lines((pixels, values), "int8", several=True))
    assert lines == [
        "pixel accuracy of output 0 (out): int8 100.00%",
        "mean IoU of output 0 (out): int8 1.0000",
        f"R² of output 0 (out): int8 {values.score:.4f}",
        "mean absolute error of output 0 (out): int8 0.1 in the unit of the labels",
    ]
    (first, second) = quality_lines((reconstructed,), "int8")
    assert first.startswith("AUC of the reconstruction error: int8 0.")
    assert second.endswith(" between input and output")
    rows = list(quality_rows(_benched(reconstructed)))
    assert rows[0][0] == "AUC of the reconstruction error on the device"
    assert rows[2][2] == "between input and output of the normal samples"


def test_channels_are_a_table() -> None:
    console = Console(width=80, file=io.StringIO(), color_system=None)
    print_quality(_benched(all_kinds()[2]), console, asked=False)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "mean absolute error" in text
    assert text.count("0.1 ") == 3


def _benched(one: OutputQuality) -> Any:
    return replace(BENCHED, quality=(one,))


def test_names_that_are_too_few_are_left_out() -> None:
    y = np.array([[0, 1], [1, 0]])
    target = target_of(y, (2,), dtype="int32")
    spec = TensorSpec("out", (1, 2), "int32", 1.0, 0)
    names, notes = class_names_of({"class_names": np.array(["a", "b"])}, "t", {0: target}, [spec])
    assert (names, notes) == ({0: ("a", "b")}, ())
    found = quality_of(Head(0, "out", (1, 2)), target, np.array([[0, 2], [1, 0]]), names[0])
    assert found.class_names is None
