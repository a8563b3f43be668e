"""The shipped example: its data are what its README says, its model is as good as promised."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import not_integer_reasons
from tinycompress.oracle import Oracle


@pytest.fixture(scope="module")
def digits(examples_dir: Path) -> Path:
    return examples_dir / "digits"


def test_the_data(digits: Path) -> None:
    with np.load(digits / "digits.npz") as data:
        assert sorted(data.files) == ["x_test", "x_train", "y_test", "y_train"]
        assert data["x_train"].shape == (1437, 8, 8, 1)
        assert data["x_test"].shape == (360, 8, 8, 1)
        for part in ("train", "test"):
            assert data[f"x_{part}"].dtype == data[f"y_{part}"].dtype == np.uint8
            assert data[f"x_{part}"].max() == 16
            shares = np.bincount(data[f"y_{part}"]) / len(data[f"y_{part}"])
            assert np.all(np.abs(shares - 0.1) < 0.004)
        images = np.concatenate([data["x_train"], data["x_test"]]).reshape(1797, 64)
    assert len(np.unique(images, axis=0)) == 1797


def test_source_and_licence_are_stated(digits: Path) -> None:
    readme = (digits / "README.md").read_text()
    for words in ("UCI Machine Learning Repository", "CC BY 4.0", "Alpaydin", "Kaynak", "1998"):
        assert words in readme


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_the_converted_model_without_tensorflow(digits: Path, exact_to: str) -> None:
    tflite = (digits / "digits_int8.tflite").read_bytes()
    assert not_integer_reasons(read_model(tflite)) == ()
    oracle = Oracle(tflite, exact_to)  # type: ignore[arg-type]
    with np.load(digits / "digits.npz") as data:
        x, y = data["x_test"] / np.float32(16), data["y_test"]
    guesses = [int(oracle.run(quantize(s[np.newaxis], oracle.inputs[0]))[0].argmax()) for s in x]
    oracle.close()
    assert np.mean(np.array(guesses) == y) >= 0.975


@pytest.mark.tf
@pytest.mark.slow
def test_the_training_script(digits: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, digits / "train.py", "-o", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = re.search(r"([\d.]+) % of 360 test samples right in float32", done.stdout)
    assert found is not None
    assert float(found[1]) >= 96
    with np.load(tmp_path / "test.npz") as test, np.load(tmp_path / "calib.npz") as calib:
        assert (test["x"].dtype, test["x"].shape) == (np.float32, (360, 8, 8, 1))
        assert (test["x"].min(), test["x"].max()) == (0, 1)
        assert np.bincount(calib["y"]).tolist() == [20] * 10
    converted = convert_model(
        tmp_path / "digits.keras",
        tmp_path / "calib.npz",
        evaluation=tmp_path / "test.npz",
        options=ConvertOptions(),
    )
    assert converted.warnings == ()
    assert converted.float_accuracy is not None
    assert converted.quantized_accuracy is not None
    assert converted.float_accuracy == pytest.approx(float(found[1]) / 100, abs=1e-4)
    assert converted.quantized_accuracy >= 0.96
