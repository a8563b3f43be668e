"""From a Keras model on, the suggested commands lead to a measurement; what a file declares."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.cli.main import _run
from tinycompress.conversion.early import _input_specs
from tinycompress.conversion.frozen import input_specs
from tinycompress.conversion.load import load_model

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
fine_tune = { epochs = 1, learning_rate = 1e-3 }
"""


def one_input(keras: Any) -> Any:
    layers = [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, name="d")]
    return keras.Sequential([*layers, keras.layers.Softmax()])


def two_inputs(keras: Any) -> Any:
    second, first = keras.Input((5,), name="second"), keras.Input((None, 3), name="first")
    pooled = keras.layers.GlobalAveragePooling1D()(first)
    joined = keras.layers.Concatenate()([second, pooled])
    return keras.Model([second, first], keras.layers.Dense(2)(joined))


@pytest.mark.parametrize("which", ["keras", "tf_keras"])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("make", [one_input, two_inputs])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
def test_a_file_declares_what_the_model_takes(
    make: Any, suffix: str, which: str, tmp_path: Path
) -> None:
    path = tmp_path / f"model.{suffix}"
    make(_tf.keras() if which == "keras" else _tf.tf_keras()).save(path)
    specs = _input_specs(path)
    assert specs is not None
    assert specs == input_specs(load_model(path))


def suggested(text: str) -> list[str]:
    return [line.removeprefix("next: ") for line in text.splitlines() if line.startswith("next: ")]


def test_from_a_keras_model_to_a_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    keras = _tf.keras()
    keras.utils.set_random_seed(1)
    labels = np.arange(240) % 3
    samples = np.random.default_rng(1).random((240, 4, 4, 1), np.float32)
    samples[:, 0, :3, 0] += np.eye(3, dtype=np.float32)[labels] * 2
    np.savez("calib.npz", x=samples, y=labels)
    np.savez("val set.npz", x=samples[:60], y=labels[:60])
    model = one_input(keras)
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    model.fit(samples, labels, epochs=20, verbose=0)
    model.save("my net.keras")
    Path("quick.toml").write_text(RECIPE)

    first = ["inspect", "my net.keras"]
    for words in (["convert"], ["build"], ["bench"]):
        assert _run(first) == 0
        (line,) = suggested(capsys.readouterr().err)
        program, *first = shlex.split(line)
        assert [program, first[0]] == ["tinycompress", *words]
    assert _run(first) == 0
    capsys.readouterr()

    first = ["compress", "my net.keras", "--recipe", "quick.toml", "--data", "calib.npz"]
    first += ["--val", "val set.npz", "--board", "pico", "-o", "out dir"]
    compress = first
    for words in (["build"], ["bench"]):
        assert _run(first) == 0
        (line,) = suggested(capsys.readouterr().err)
        program, *first = shlex.split(line)
        assert [program, first[0]] == ["tinycompress", *words]
    assert first[-2:] == ["--samples", "val set.npz"]
    assert _run(first) == 0
    assert "accuracy" in capsys.readouterr().out

    # Run again, it finds its stages; quiet, it tells only where the result lies.
    assert _run(["-q", *compress]) == 0
    assert capsys.readouterr().out == f"{Path('out dir') / 'result' / 'model.tflite'}\n"
