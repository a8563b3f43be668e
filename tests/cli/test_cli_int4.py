"""`convert --weights int4`: from the command to firmware that stores four bits a weight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from support.models.tflite_files import Builder

from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.deploy.deployment import figures_or_misfit
from tinycompress.ir.reader import read_model

NARROW = ("CONV_2D", "FULLY_CONNECTED")


@pytest.fixture(scope="module")
def models(examples_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The digits in int8 as shipped, and with int4 weights."""
    given = examples_dir / "digits" / "digits_int8.tflite"
    made = tmp_path_factory.mktemp("int4") / "int4.tflite"
    data = examples_dir / "digits" / "digits.npz"
    assert data.is_file()
    assert _run(["convert", str(given), "--weights", "int4", "-o", str(made)]) == 0
    return given, made


def test_the_file_holds_integers_of_four_bits(models: tuple[Path, Path]) -> None:
    graph = read_model(models[1].read_bytes()).main
    found = [graph.tensors[op.inputs[1]].data for op in graph.ops if op.kind in NARROW]
    assert len(found) == 4
    for data in found:
        assert data is not None
        assert data.dtype == np.int8
        assert np.abs(data).max() <= 7


def test_what_stays_int8_is_told(
    models: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["convert", str(models[0]), "--weights", "int4", "-o", str(tmp_path / "o.tflite")]
    assert _run(arguments) == 0
    assert "72 of 3,216 weights stay int8" in capsys.readouterr().err


def test_a_model_without_weights_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    b = Builder()
    x, y = (b.tensor([1, 4], name=name, scales=[0.5]) for name in "xy")
    b.op("RELU", [x], [y])
    (tmp_path / "m.tflite").write_bytes(b.pack([x], [y]))
    output = tmp_path / "o.tflite"
    code = _run(["convert", str(tmp_path / "m.tflite"), "--weights", "int4", "-o", str(output)])
    assert code == 3
    assert "there are no weights to make int4" in capsys.readouterr().err
    assert not output.exists()


def convolution() -> bytes:
    """A convolution of 9,216 random weights, each used at 100 places."""
    rng = np.random.default_rng(0)
    b = Builder()
    image = b.tensor([1, 10, 10, 32], name="image", scales=[0.5])
    data = np.clip(rng.normal(0, 40, (32, 3, 3, 32)), -127, 127).astype(np.int8)
    kernel = b.tensor([32, 3, 3, 32], data=data, scales=[0.01] * 32)
    made = b.tensor([1, 10, 10, 32], name="conv", scales=[2.0])
    options = schema.Conv2DOptionsT()
    options.padding = schema.Padding.SAME
    options.strideH = options.strideW = 1
    b.op("CONV_2D", [image, kernel], [made], options)
    return b.pack([image], [made])


@pytest.mark.slow
def test_the_firmware_stores_them_small_and_is_exact(tmp_path: Path) -> None:
    """`figures_or_misfit` raises where the emulated board's outputs differ from TFLM's."""
    given, made = tmp_path / "int8.tflite", tmp_path / "int4.tflite"
    given.write_bytes(convolution())
    assert _run(["convert", str(given), "--weights", "int4", "-o", str(made)]) == 0
    whole, narrow = (
        figures_or_misfit(
            path.read_bytes(), board=load_board("nano33"), exact_to="tflm", optimize="flash"
        )
        for path in (given, made)
    )
    assert narrow["fits"]
    assert narrow["encoded_bytes"] <= 0.6 * narrow["encoded_int8_bytes"]
    assert narrow["flash_bytes"] < whole["flash_bytes"] - 3000
