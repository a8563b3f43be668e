"""``tinycompress compress`` from a model file to figures of the device, and ``recipes``."""

from __future__ import annotations

import json
from pathlib import Path

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
    # Zeros take the same flash as any other int8 weight; the tool has to say so.
    assert after["figures"]["flash_bytes"] >= before["figures"]["flash_bytes"]
    assert any("saves nothing on the device" in note for note in after["notes"])
    assert (tmp_path / "out" / "result" / "model.tflite").is_file()


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
