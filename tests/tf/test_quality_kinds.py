"""Conversion says how good a file is, of every kind, and keeps a limit on what is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from tinycompress import _tf
from tinycompress.artifacts import ConvertedModel, OutputQuality
from tinycompress.cli.main import _run
from tinycompress.conversion import ConvertOptions, convert_in_subprocess, convert_model
from tinycompress.errors import ConfigError, MismatchError

pytestmark = pytest.mark.tf

RNG = np.random.default_rng(0)
IDENTITY = np.eye(16, dtype=np.float32)
LABELLED = RNG.random((150, 6)).astype(np.float32)


def dense(weights: Any, activation: str | None = None) -> Any:
    """One layer that computes what its weights say."""
    keras = _tf.keras()
    weights = np.asarray(weights, np.float32)
    layer = keras.layers.Dense(weights.shape[1], use_bias=False, activation=activation)
    inputs = keras.Input((weights.shape[0],), name="x")
    model = keras.Model(inputs, layer(inputs), name="model")
    layer.set_weights([weights])
    return model


def only(converted: ConvertedModel) -> OutputQuality:
    (found,) = converted.quality
    return found


def said_by(model: Any, x: Any) -> Any:
    return np.asarray(model(x))


def test_a_regression_has_r2_and_an_error_in_the_unit_of_its_labels() -> None:
    model = dense(RNG.normal(size=(6, 2)) * 50)
    said = said_by(model, LABELLED)
    y = said + RNG.normal(0, 5, said.shape)
    found = only(convert_model(model, {"x": LABELLED, "y": y}))
    assert (found.kind, found.score_name) == ("regression", "R²")
    assert found.float_score == pytest.approx(
        metrics.r2_score(y, said, multioutput="variance_weighted"), abs=1e-5
    )
    assert found.float_mean_absolute_error == pytest.approx(
        metrics.mean_absolute_error(y, said), rel=1e-4
    )
    assert found.score == pytest.approx(found.float_score, abs=0.02)
    assert len(found.channels) == len(found.float_channels) == 2


def test_labels_of_which_several_are_true_have_f1() -> None:
    model = dense(RNG.normal(size=(6, 3)) * 4, "sigmoid")
    y = said_by(model, LABELLED) > 0.5
    y[::7] = ~y[::7]
    found = only(convert_model(model, {"x": LABELLED, "y": y}))
    assert (found.kind, found.score_name) == ("labels", "macro F1")
    wanted = metrics.f1_score(y, said_by(model, LABELLED) > 0.5, average="macro")
    assert found.float_score == pytest.approx(wanted)
    assert found.score == pytest.approx(wanted, abs=0.03)


@pytest.mark.parametrize("decided", [False, True])
def test_every_pixel_has_a_class(decided: bool) -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(1)
    x = RNG.random((120, 6, 6, 2)).astype(np.float32)
    inputs = keras.Input((6, 6, 2))
    scores = keras.layers.Conv2D(3, 1, activation="softmax")(inputs)
    outputs = keras.ops.argmax(scores, -1) if decided else scores
    wanted = np.asarray(keras.Model(inputs, scores)(x)).argmax(-1)
    y = np.where(RNG.random(wanted.shape) < 0.8, wanted, 0)
    found = only(convert_model(keras.Model(inputs, outputs), {"x": x, "y": y}))
    assert found.score_name == ("accuracy per step" if decided else "pixel accuracy")
    assert found.float_score == pytest.approx(np.mean(y == wanted))
    assert found.score == pytest.approx(found.float_score, abs=0.05)
    assert found.mean_iou is not None


def test_an_autoencoder_is_judged_by_its_errors() -> None:
    x = RNG.random((160, 16)).astype(np.float32)
    y = np.arange(160) % 4 == 0
    x[y, 0] += 6.0
    model = dense(np.where(np.arange(16) == 0, 0.0, IDENTITY))
    data = {"x": x, "y": y.astype(int)}
    found = only(convert_model(model, {"x": x[~y]}, evaluation=data))
    assert found.score_name == "AUC of the reconstruction error"
    errors = np.mean((x - said_by(model, x)) ** 2, axis=1)
    assert found.float_score == pytest.approx(metrics.roc_auc_score(y, errors))
    assert found.score == pytest.approx(1.0)
    without = only(convert_model(model, {"x": x[~y]}))
    assert without.score_name == "R² of the reconstruction"
    assert without.mean_squared_error == pytest.approx(np.mean(errors[~y]), rel=0.1)


def test_each_head_is_judged_by_itself_and_in_a_process_of_its_own_alike() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(2)
    inputs = keras.Input((6,), name="x")
    heads = [
        keras.layers.Dense(3, activation="softmax", name="kind")(inputs),
        keras.layers.Dense(1, name="age")(inputs),
    ]
    model = keras.Model(inputs, heads)
    kinds, ages = (np.asarray(each) for each in model(LABELLED))
    data = {"x": LABELLED, "y0": kinds.argmax(-1), "y1": ages + 0.01}
    converted = convert_model(model, data)
    kind, age = converted.quality
    assert (kind.score_name, kind.float_score) == ("accuracy", 1.0)
    assert age.score_name == "R²"
    assert converted.quantized_accuracy == kind.score
    assert [one.index for one in converted.agreement] == [0, 1]
    assert min(one.snr_db for one in converted.agreement) > 20
    again = convert_in_subprocess(model, data)
    assert again.quality == converted.quality
    assert again.agreement == converted.agreement


def detector() -> tuple[Any, Any]:
    """Boxes of 0..640 and scores of 0..1, in one output: the scores are all lost in int8."""
    keras = _tf.keras()
    inputs = keras.Input((6,), name="x")
    boxes, scores = keras.layers.Dense(4, use_bias=False), keras.layers.Dense(2, use_bias=False)
    score = keras.layers.Activation("sigmoid")(scores(inputs))
    outputs = keras.layers.Concatenate()(
        [keras.layers.Rescaling(640.0)(boxes(inputs)), score]
    )  # fmt: skip
    model = keras.Model(inputs, outputs, name="detector")
    boxes.set_weights([np.eye(6, 4, dtype=np.float32)])
    scores.set_weights([np.eye(6, 2, k=-4, dtype=np.float32) * 8 - 2])
    return model, said_by(model, LABELLED)


@pytest.fixture(scope="module")
def detector_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("detector")
    model, said = detector()
    model.save(directory / "model.keras")
    np.savez(directory / "labelled.npz", x=LABELLED, y=said)
    np.savez(directory / "plain.npz", x=LABELLED)
    return directory


def converting(files: Path, *more: str, data: str = "labelled.npz") -> tuple[str, ...]:
    return (
        "convert", str(files / "model.keras"), "--data", str(files / data),
        "-o", str(files / "out.tflite"), *more,
    )  # fmt: skip


def test_a_detector_that_lost_its_scores_is_told_in_json(
    detector_files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(list(converting(detector_files, "--json", data="plain.npz"))) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any(
        text.startswith("values 4..5 of output ") and "they are lost" in text
        for text in answer["warnings"]
    )
    (agreement,) = answer["agreement"]
    assert (agreement["samples"], answer["judged_samples"], answer["quality"]) == (100, 100, [])
    assert [one["used_values"] for one in agreement["channels"][4:]] == [1, 1]
    assert min(one["snr_db"] for one in agreement["channels"][:4]) > 30
    (detector_files / "out.tflite").unlink()


def test_the_limit_looks_at_every_channel(
    detector_files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(list(converting(detector_files, "--max-accuracy-drop", "1%"))) == 8
    error = capsys.readouterr().err
    assert "lost more than max_accuracy_drop = 0.01, which is 1 points of an accuracy" in error
    assert "R² of value 4 of output" in error
    assert not (detector_files / "out.tflite").exists()
    int16 = converting(detector_files, "--max-accuracy-drop", "0.01", "--activations", "int16")
    assert _run(list(int16)) == 0
    (detector_files / "out.tflite").unlink()


def test_a_limit_without_labels_is_refused(
    detector_files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--max-accuracy-drop", "0.01")
    assert _run(list(converting(detector_files, *more, data="plain.npz"))) == 2
    assert "hint: name labelled samples: --val" in capsys.readouterr().err
    assert not (detector_files / "out.tflite").exists()


def test_build_keeps_the_limit_before_anything_is_written(
    detector_files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = detector_files / "project"
    wanted = [
        "build", str(detector_files / "model.keras"), "--data",
        str(detector_files / "labelled.npz"), "--board", "nano33", "-o", str(project),
        "--max-accuracy-drop", "1 %",
    ]  # fmt: skip
    assert _run(wanted) == 8
    assert "R² of value 5 of output" in capsys.readouterr().err
    assert not project.exists()


def test_comparing_tells_the_same(detector_files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(list(converting(detector_files, "--json"))) == 0
    converted = json.loads(capsys.readouterr().out)
    wanted = [
        "inspect", str(detector_files / "out.tflite"), "--compare",
        str(detector_files / "model.keras"), "--data", str(detector_files / "labelled.npz"),
    ]  # fmt: skip
    assert _run([*wanted, "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    for key in ("quality", "agreement", "judged_samples"):
        assert compared[key] == converted[key]
    assert any("values 4..5" in text for text in compared["warnings"])
    (detector_files / "out.tflite").unlink()


def test_a_limit_on_a_regression_says_that_r2_is_compared() -> None:
    x = RNG.random((200, 6)).astype(np.float32)
    model = dense(np.ones((6, 1)))
    x[0, 0] = 3000.0  # one outlier makes the int8 steps too coarse
    data = {"x": x, "y": said_by(model, x)}
    test = {"x": x[1:], "y": data["y"][1:]}
    with pytest.raises(MismatchError, match=r"R² of output '.*': float 1.0000, int8 .*a drop of"):
        convert_model(model, data, evaluation=test, options=ConvertOptions(max_accuracy_drop=0.05))


def test_a_limit_needs_a_float_model_and_usable_labels(examples_dir: Path) -> None:
    limited = ConvertOptions(max_accuracy_drop=0.05)
    path = examples_dir / "digits" / "digits_int8.tflite"
    with pytest.raises(ConfigError, match="has none beside it"):
        convert_model(path, None, options=limited)
    unusable = {"x": LABELLED, "y": RNG.random((150, 5))}
    with pytest.raises(ConfigError, match="nothing to compare: no accuracy: y of"):
        convert_model(dense(RNG.normal(size=(6, 2))), unusable, options=limited)
    with pytest.raises(ConfigError, match="max_accuracy_drop is 2; allowed: 0 to 1"):
        ConvertOptions(max_accuracy_drop=2)


def test_an_output_beyond_what_was_calibrated_is_said_to_saturate() -> None:
    model = dense(np.ones((6, 1)))
    data = {"x": LABELLED, "y": said_by(model, LABELLED)}
    converted = convert_model(model, {"x": 0.4 * LABELLED}, evaluation=data)
    assert any("saturates: " in text and "calibrate" in text for text in converted.warnings)
