"""Wrong samples are refused before TensorFlow is loaded; Keras files here are written by hand."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress.conversion import early
from tinycompress.conversion.calibrate import read_arrays
from tinycompress.conversion.convert import open_source
from tinycompress.conversion.load import load_model
from tinycompress.conversion.model_config import declared_inputs
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.reader import read_model
from tinycompress.measurement.samples import load_samples

SHAPE = [None, 4, 4, 1]


def input_layer(name: str, shape: list[int | None], key: str = "batch_shape") -> dict[str, Any]:
    return {"class_name": "InputLayer", "name": name, "config": {"name": name, key: shape}}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [*layers]}}


def functional(inputs: Any, *layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Functional", "config": {"input_layers": inputs, "layers": [*layers]}}


A, B = input_layer("a", SHAPE), input_layer("b", [None, None], "batch_input_shape")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (sequential(A), (("a", (None, 4, 4, 1)),)),
        (sequential(B), (("b", (None, None)),)),
        (functional(["a", 0, 0], B, A), (("a", (None, 4, 4, 1)),)),
        (functional([["b", 0, 0], ["a", 0, 0]], A, B),
         (("b", (None, None)), ("a", (None, 4, 4, 1)))),
        (functional({"x": ["a", 0, 0]}, A), None),
        (functional([["a", 0, 0], {"x": ["b", 0, 0]}], A, B), None),
        (functional(["c", 0, 0], A), None),
        (sequential(input_layer("a", [8, 4])), None),
        (sequential({"class_name": "Dense", "config": {"units": 3}}), None),
        ({"class_name": "Sequential", "config": {"layers": []}}, None),
        ([], None), ({}, None), ({"config": {"layers": [None, 3]}}, None),
    ],
)  # fmt: skip
def test_inputs_that_a_configuration_declares(config: Any, expected: Any) -> None:
    assert declared_inputs(config) == expected


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Enough of a .keras file to tell its inputs; Keras could not load it."""
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.0"}))
        archive.writestr("config.json", json.dumps(sequential(A, CLASSES)))
        archive.writestr("model.weights.h5", b"")
    return path


CLASSES = {"class_name": "Dense", "config": {"name": "classes", "units": 10}}
GOOD = np.random.default_rng(1).random((9, 4, 4, 1), np.float32)


WRONG: list[tuple[dict[str, Any] | None, str]] = [
    (None, "there is no data file"),
    ({"images": GOOD, "y": np.arange(9)}, "it has: 'images', 'y'"),
    ({"x": GOOD[:, :3], "y": np.arange(9)}, "has shape (9, 3, 4, 1)"),
    ({"x": np.full_like(GOOD, np.nan), "y": np.arange(9)}, "NaN"),
]


# Shapes and values of training data are checked against the model itself.
@pytest.mark.parametrize(
    ("command", "arrays", "words"),
    [
        *((command, *wrong) for command in ("convert", "build", "inspect") for wrong in WRONG),
        *(("compress", *wrong) for wrong in WRONG[:2]),
    ],
)
def test_wrong_samples_are_told_without_tensorflow(
    command: str, arrays: dict[str, Any] | None, words: str, model: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data.npz", tmp_path / "out"
    if arrays is not None:
        np.savez(data, **arrays)
    (tmp_path / "m.tflite").write_bytes(b"only its samples are looked at")
    options: dict[str, list[str | Path]] = {
        "convert": ["convert", model, "--data", data, "-o", out],
        "build": ["build", model, "--data", data, "-b", "pico", "-o", out],
        "inspect": ["inspect", tmp_path / "m.tflite", "--compare", model, "--data", data],
        "compress": ["compress", model, "--recipe", "prune50", "--data", data, "-o", out],
    }
    code, err = without_tensorflow(options[command])
    assert code == 2, err
    assert words in err
    assert not out.exists()


def test_labels_of_training_data_are_looked_for(model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=GOOD)
    code, err = without_tensorflow(
        ["compress", model, "--recipe", "prune50", "--data", tmp_path / "x.npz", "-o",
         tmp_path / "out"]
    )  # fmt: skip
    assert code == 2
    assert "lacks labels; it has: 'x'" in err


@pytest.mark.parametrize(
    ("last", "needs"),
    [({"units": 10}, True), ({"filters": 3}, True), ({"units": 4}, False), ({}, False)],
)
def test_a_model_as_wide_as_its_input_may_need_no_labels(
    last: dict[str, Any], needs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers: list[dict[str, Any]] = [
        {"class_name": "InputLayer",
         "config": {"name": "x", "batch_shape": [None, 6, 4], "dtype": "float32"}},
        {"class_name": "Last", "config": {"name": "last", **last}},
    ]  # fmt: skip
    graph = functional(["x", 0, 0], *layers)
    graph["config"]["output_layers"] = ["last", 0, 0]
    (tmp_path / "m.keras").write_bytes(b"only its configuration is looked at")
    np.savez(tmp_path / "x.npz", x=np.zeros((5, 6, 4), np.float32))
    for config in (sequential(*layers), graph):
        monkeypatch.setattr(early, "read_configuration", lambda path, config=config: config)
        if needs:
            with pytest.raises(ConfigError, match="lacks labels"):
                early.check_training_data(tmp_path / "m.keras", [tmp_path / "x.npz"])
        else:
            early.check_training_data(tmp_path / "m.keras", [tmp_path / "x.npz"])


def without_tensorflow(arguments: list[str | Path]) -> tuple[int, str]:
    """Run a command where TensorFlow cannot be imported."""
    program = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from tinycompress.cli.main import _run\n"
        "sys.exit(_run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=None,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.tflite", "model"])
def test_a_pointer_of_git_lfs_is_called_that(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ModelError, match="Git LFS pointer") as caught:
        read_model(load_model(path).model)
    assert caught.value.hint is not None
    assert "git lfs pull" in caught.value.hint


def test_so_are_samples(tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    for read in (read_arrays, load_samples):
        with pytest.raises(ConfigError, match="Git LFS pointer"):
            read(path)


def test_what_is_no_model_is_not_asked_for_data(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no model")
    with pytest.raises(ConfigError, match="is no model; accepted"):
        open_source(path, None, None)
