"""``inspect`` of float models, and of an int8 model beside the float model that it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.small_models import convolutional, stripes

from tinycompress import _tf
from tinycompress.artifacts import OutputQuality
from tinycompress.cli.main import _run
from tinycompress.compression.checks.accuracy import check_accuracy
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.conversion import convert_model
from tinycompress.conversion.compare import compare_layers, first_diverging
from tinycompress.conversion.load import wrap_model
from tinycompress.errors import ConfigError, MismatchError, ModelError
from tinycompress.ir.quantize import quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

pytestmark = pytest.mark.tf
X, Y = stripes(120)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("inspect")
    model = convolutional()
    model.save(directory / "small.keras")
    (directory / "small.tflite").write_bytes(convert_model(model, {"x": X}).tflite)
    np.savez(directory / "data.npz", x=X, y=Y)
    return directory


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert _run(["inspect", *map(str, arguments), "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def network(files: Path) -> Network:
    return read_network(_tf.keras().models.load_model(files / "small.keras"))


def test_a_keras_model_shows_what_its_int8_file_will_cost(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer(capsys, files / "small.keras")
    int8 = answer(capsys, files / "small.tflite")
    assert shown["macs"] == int8["macs"]
    assert shown["parameters"] == network(files).parameters
    layers = {layer["name"]: layer for layer in shown["layers"]}
    assert layers["stem"]["operators"] == ["Conv2D"]
    assert layers["dw"]["macs"] == 6 * 6 * 8 * 9
    assert layers["image"]["operators"] == []
    assert layers["hidden"]["output_shape"] == [None, 12]


def test_a_saved_model_is_told_by_its_scopes(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = _tf.keras()
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, name="one")], name="inner")
    outer = keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(2, name="two")])
    outer.save(tmp_path / "nested.keras")
    shown = answer(capsys, tmp_path / "nested.keras")
    assert [(layer["name"], layer["macs"]) for layer in shown["layers"]] == [
        ("inner/one", 30), ("two", 10),
    ]  # fmt: skip
    with _tf.quiet():
        outer.export(str(tmp_path / "saved"), verbose=False)
    saved = answer(capsys, tmp_path / "saved")
    assert (saved["kind"], saved["macs"], saved["parameters"]) == ("saved_model", 40, 47)


def test_a_model_that_cannot_be_converted_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.Conv1D(4, 3, name="conv")])
    model.save(tmp_path / "any.keras")
    shown = answer(capsys, tmp_path / "any.keras")
    assert shown["macs"] is None
    assert shown["parameters"] == 40
    assert "only the batch may be unknown" in shown["refused"][0]
    assert _run(["inspect", str(tmp_path / "any.keras")]) == 0
    assert "cannot be converted:" in capsys.readouterr().out


def test_every_layer_is_found_by_name_and_agrees(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = (files / "small.tflite", "--compare", files / "small.keras")
    shown = answer(capsys, *pair, "--data", files / "data.npz", "--samples", "8")
    assert {layer["found_by"] for layer in shown["layers"]} == {"name"}
    assert all(layer["snr_db"] > 20 for layer in shown["layers"])
    assert shown["first_diverging"] is None
    assert _run(["inspect", *map(str, pair), "--data", str(files / "data.npz")]) == 0
    assert "no layer diverges" in capsys.readouterr().out


@dataclass(frozen=True)
class Score:
    """What the limit on accuracy looks at."""

    stage: str
    float_accuracy: float
    int8_accuracy: float
    activations: str = "int8"
    quality: tuple[OutputQuality, ...] = ()


def changed(files: Path, name: str) -> Any:
    """The float model with other weights in one layer."""
    found = network(files)
    layer = found.layers[name]
    kernel = -layer.weights[0]
    return build_model(
        found.with_layers([replace(layer, weights=(kernel, *layer.weights[1:]))]), "tf_keras"
    )


def test_the_first_layer_that_diverges_is_named(files: Path) -> None:
    tflite = (files / "small.tflite").read_bytes()
    layers = compare_layers(wrap_model(changed(files, "branch")), tflite, {"x": X}, samples=8)
    first = first_diverging(layers)
    assert first is not None
    assert first.name.startswith("small/branch/")
    before = [layer.snr_db for layer in layers if layer.index < first.index]
    assert len(before) == 4
    assert min(snr for snr in before if snr is not None) > 20
    before_all, after = Score("original", 0.9, 0.9), Score("qat", 0.9, 0.5)
    with pytest.raises(MismatchError, match=r"diverges from it is 'small/branch.* \(CONV_2D\): "):
        check_accuracy(before_all, after, 0.1, agreement=lambda: layers)
    with pytest.raises(MismatchError, match="no layer's int8 output diverges"):
        check_accuracy(before_all, after, 0.1, agreement=lambda: layers[:3])
    check_accuracy(before_all, replace(after, int8_accuracy=0.85), 0.1, agreement=pytest.fail)


def test_layers_of_other_names_are_found_by_order_and_shape(files: Path) -> None:
    keras = _tf.keras()
    model = keras.models.load_model(files / "small.keras")
    renamed = keras.models.clone_model(
        model,
        clone_function=lambda layer: type(layer).from_config(
            {**layer.get_config(), "name": f"other_{layer.name}"}
        ),
    )
    renamed.name = "elsewhere"
    renamed.set_weights(model.get_weights())
    tflite = (files / "small.tflite").read_bytes()
    layers = compare_layers(wrap_model(renamed), tflite, {"x": X}, samples=4)
    assert {layer.found_by for layer in layers} == {"order"}
    assert all(layer.snr_db is not None and layer.snr_db > 20 for layer in layers)


def test_what_has_no_counterpart_is_not_judged(files: Path) -> None:
    keras = _tf.keras()
    other = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten()])
    tflite = (files / "small.tflite").read_bytes()
    layers = compare_layers(wrap_model(other), tflite, {"x": X}, samples=2)
    assert {layer.found_by for layer in layers} == {""}
    assert {layer.snr_db for layer in layers} == {None}
    narrow = keras.Sequential([keras.Input((10, 12, 1)), keras.layers.Flatten()])
    with pytest.raises(ModelError, match=r"different inputs: \[120\] and \[144\]"):
        compare_layers(wrap_model(narrow), tflite, {"x": X[:, :10]}, samples=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["small.tflite", "--compare", "small.keras"], "--compare needs samples"),
        (["small.tflite", "--data", "data.npz"], "--data is for --compare"),
        (["small.keras", "--board", "nano33"], "known once it is converted"),
        (["small.tflite", "--compare", "small.tflite", "--data", "data.npz"], "is a .tflite"),
        (["none.keras"], "none.keras"),
    ],
)
def test_usage_is_explained(
    files: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(files)
    assert _run(["inspect", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_both_runtimes_show_the_values_between_operators(files: Path) -> None:
    tflite = (files / "small.tflite").read_bytes()
    graph = read_model(tflite).main
    indices = [op.outputs[0] for op in graph.ops]
    traces = []
    for runtime in ("tflm", "litert"):
        oracle = Oracle(tflite, runtime, keep_tensors=True)
        stored = quantize(X[:1], oracle.inputs[0])
        traces.append(oracle.trace(stored, tensors=indices))
        np.testing.assert_array_equal(traces[-1][-1], oracle.run(stored)[0])
    for index, one, other in zip(indices, *traces, strict=True):
        assert one.size == graph.tensors[index].elements
        difference = one.reshape(-1).astype(int) - other.reshape(-1)
        assert np.max(np.abs(difference)) <= 2
    with pytest.raises(ConfigError, match="not told to keep tensors"):
        Oracle(tflite, "tflm").trace(stored, tensors=indices)
