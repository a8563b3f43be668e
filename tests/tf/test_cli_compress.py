"""``tinycompress compress`` from a model file to figures of the device, and ``recipes``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.cli.main import _run

pytestmark = pytest.mark.tf

RECIPE = """
schema = 1
name = "quick"
description = "One short stage."

[limits]
max_accuracy_drop = 1.0

[[stage]]
kind = "prune"
sparsity = 0.5
fine_tune = { epochs = 2, learning_rate = 1e-3 }
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, examples_dir: Path) -> Path:
    directory = tmp_path_factory.mktemp("compress")
    keras = _tf.keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(16, activation="relu", name="hidden"),
            layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    with np.load(examples_dir / "digits" / "digits.npz") as data:
        x, y = (data["x_train"] / 16).astype(np.float32), data["y_train"]
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=3, verbose=0)
    model.save(directory / "small.keras")
    np.savez(directory / "train.npz", x=x, y=y)
    (directory / "quick.toml").write_text(RECIPE)
    return directory


def test_compress_measures_each_stage_on_the_board(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _run(
        [
            "-q", "compress", str(files / "small.keras"), "--recipe", str(files / "quick.toml"),
            "--data", str(files / "train.npz"), "--board", "nano33", "-o", str(tmp_path / "out"),
            "--json",
        ]
    )  # fmt: skip
    out, err = capsys.readouterr()
    assert code == 0, err
    answer = json.loads(out)
    assert answer["schema"] == "tinycompress.compress"
    before, after = answer["rows"]
    assert (before["stage"], after["stage"]) == ("original", "prune")
    assert after["nonzero_parameters"] < 0.6 * before["nonzero_parameters"]
    for row in (before, after):
        assert row["figures"]["flash_bytes"] > 1200
        assert row["figures"]["instructions"] > 1000
    # Half zeros take about the flash of any other int8 weights; the tool has to say so.
    saved = before["figures"]["flash_bytes"] - after["figures"]["flash_bytes"]
    assert abs(saved) < 100
    told = any("saves nothing on the device" in note for note in after["notes"])
    assert told == (saved <= 0)
    assert (tmp_path / "out" / "result" / "model.tflite").is_file()


SHARING = """
schema = 1
name = "sharing"
description = "Zeros and few integers, without training."

[limits]
max_accuracy_drop = 1.0
max_stage_drop = 1.0

[firmware]
optimize = "flash"

[[stage]]
kind = "prune"
sparsity = 0.9
fine_tune = { epochs = 0 }

[[stage]]
kind = "cluster"
clusters = 8
shared = true
fine_tune = { epochs = 0 }
"""


@pytest.mark.slow
def test_rows_say_what_a_stage_saves_in_flash_or_that_it_does_not(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(4)
    layers = keras.layers
    wide = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    wide.compile("adam", "sparse_categorical_crossentropy")
    with np.load(files / "train.npz") as data:
        wide.fit(data["x"], data["y"], epochs=2, verbose=0)
    wide.save(tmp_path / "wide.keras")
    (tmp_path / "sharing.toml").write_text(SHARING)
    command = [
        "-q", "compress", str(tmp_path / "wide.keras"), "--recipe", str(tmp_path / "sharing.toml"),
        "--data", str(files / "train.npz"), "--board", "nano33", "-o", str(tmp_path / "out"),
        "--json",
    ]  # fmt: skip

    def rows(*more: str) -> list[dict[str, Any]]:
        code = _run([*command, *more])
        out, err = capsys.readouterr()
        assert code == 0, err
        found: list[dict[str, Any]] = json.loads(out)["rows"]
        return found

    original, prune, cluster = rows()
    assert {row["measured_on"] for row in (original, prune, cluster)} == {
        "arduino_nano_33_ble --optimize flash"
    }
    saved = [row["figures"]["flash_bytes"] for row in (original, prune, cluster)]
    assert saved[0] > saved[1] + 10_000 > saved[2] + 10_000
    assert not any("saves nothing" in note for row in (prune, cluster) for note in row["notes"])
    figures = cluster["figures"]
    assert 0 < figures["encoded_bytes"] < 0.2 * figures["encoded_int8_bytes"]
    assert figures["weights_bytes"] > figures["encoded_bytes"]
    assert max(kernel["distinct"] for kernel in cluster["kernels"]) <= 8
    # Nothing is made again, all is measured again.
    fast = rows("--optimize", "speed")
    assert [row["tflite_sha256"] for row in fast] == [
        row["tflite_sha256"] for row in (original, prune, cluster)
    ]
    assert {row["measured_on"] for row in fast} == {"arduino_nano_33_ble"}
    assert fast[2]["figures"]["encoded_bytes"] > figures["encoded_bytes"]
    assert fast[2]["figures"]["latency_us"] < figures["latency_us"]


def test_a_recipe_that_is_not_there(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = _run(
        [
            "compress", str(files / "small.keras"), "--recipe", "pcqta",
            "--data", str(files / "train.npz"), "-o", str(files / "none"),
        ]
    )  # fmt: skip
    _, err = capsys.readouterr()
    assert code == 2
    assert "did you mean 'pcqat'" in err
    assert not (files / "none").exists()


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["recipes", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    names = {recipe["name"] for recipe in answer["recipes"]}
    assert {"prune50", "pqat", "pcqat", "cluster16", "tiny"} <= names


def test_a_student_whose_layers_cannot_be_paired_is_refused_before_it_is_trained(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = _tf.keras()
    layers = keras.layers
    student = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4, activation="relu", name="few"),
         layers.Dense(10, activation="softmax")]
    )  # fmt: skip
    student.save(tmp_path / "student.keras")
    recipe = RECIPE.replace('kind = "prune"\nsparsity = 0.5\n', 'kind = "train"\n')
    pairs = 'distill = { method = "hints", pairs = [["hiden", "few"]] }\n'
    (tmp_path / "taught.toml").write_text(recipe + pairs)
    command = [
        "-q", "compress", str(files / "small.keras"), "--student", str(tmp_path / "student.keras"),
        "--recipe", str(tmp_path / "taught.toml"), "--data", str(files / "train.npz"),
        "-o", str(tmp_path / "out"),
    ]  # fmt: skip
    assert _run(command) == 2
    err = capsys.readouterr().err
    assert "stage[0] (train): distill.pairs do not fit the models" in err
    assert "'hiden' is no layer of the teacher; did you mean 'hidden'?" in err
    assert "model.summary() lists the layers" in err
    assert not list((tmp_path / "out").glob("stages/*"))
    (tmp_path / "taught.toml").write_text(recipe + pairs.replace("hiden", "hidden"))
    assert _run([*command, "--json"]) == 0
    before, after = json.loads(capsys.readouterr().out)["rows"]
    assert after["parameters"] == 64 * 4 + 4 + 4 * 10 + 10 < before["parameters"]
    assert after["rates"]["parameters"] == pytest.approx(
        before["parameters"] / after["nonzero_parameters"], abs=1e-3
    )
