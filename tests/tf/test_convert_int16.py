"""16x8 from Keras to the emulated board: conversion, firmware, recipes, callbacks, comparison."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.small_models import stripes

import tinycompress
from tinycompress import _tf, pipeline
from tinycompress.callbacks import DeployabilityCallback
from tinycompress.cli.main import _run
from tinycompress.conversion import ConvertOptions, convert_in_subprocess, convert_model
from tinycompress.conversion import convert as stage
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.graph import DType
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf
X, Y = stripes(160)
INT16 = ConvertOptions(activations="int16")


def _cnn(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Conv2D(6, 3, strides=2, padding="same", name="stem"),
        layers.BatchNormalization(name="bn"),
        layers.ReLU(6.0, name="relu"),
        layers.DepthwiseConv2D(3, padding="same", activation="relu", name="dw"),
        layers.Conv2D(8, 1, activation="tanh", name="pw"),
        layers.MaxPooling2D(2, name="pool"),
        layers.GlobalAveragePooling2D(name="mean"),
        layers.Dense(4, activation="softmax", name="scores"),
    ]


def _mlp(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Flatten(name="flatten"),
        layers.Dense(24, activation="relu", name="hidden"),
        layers.Dense(10, activation="sigmoid", name="gate"),
        layers.Dense(4, name="scores"),
    ]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained CNN, an MLP with random weights, and samples."""
    keras = _tf.keras()
    keras.utils.set_random_seed(7)
    made = tmp_path_factory.mktemp("int16")
    cnn = keras.Sequential([keras.Input((12, 12, 1), name="image"), *_cnn(keras)], name="cnn")
    cnn.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    cnn.fit(X, Y, epochs=30, verbose=0)
    cnn.save(made / "cnn.keras")
    keras.Sequential([keras.Input((12, 12, 1), name="image"), *_mlp(keras)], name="mlp").save(
        made / "mlp.keras"
    )
    np.savez(made / "data.npz", x=X, y=Y)
    return made


@pytest.mark.parametrize(
    ("name", "exact_to"), [("cnn", "tflm"), ("cnn", "litert"), ("mlp", "tflm")]
)
def test_from_keras_to_the_board_and_exact(
    name: str, exact_to: Any, directory: Path, tmp_path: Path
) -> None:
    made = pipeline.build(
        directory / f"{name}.keras", "nano33", data=directory / "data.npz", activations="int16",
        exact_to=exact_to, toolchain="zig", output=tmp_path / "built",
    )  # fmt: skip
    converted = made.model
    assert converted.activations == "int16"
    assert [spec.dtype for spec in (*converted.inputs, *converted.outputs)] == ["int16"] * 2
    assert [spec.zero_point for spec in (*converted.inputs, *converted.outputs)] == [0, 0]
    graph = read_model(converted.tflite).main
    weights = {t.dtype for t in graph.tensors if t.is_constant and t.quantization is not None}
    assert {DType.INT8} <= weights <= {DType.INT8, DType.INT64}
    result = pipeline.bench(tmp_path / "built", samples=directory / "data.npz", runs=1)
    assert (result.oracle, result.samples, result.mismatched_samples) == (exact_to, len(X), 0)
    assert result.device_accuracy == converted.quantized_accuracy


def test_the_same_from_another_process(directory: Path) -> None:
    model = _tf.keras().models.load_model(directory / "mlp.keras")
    here = convert_model(model, {"x": X, "y": Y}, options=INT16)
    there = convert_in_subprocess(model, {"x": X, "y": Y}, options=INT16)
    assert here == there
    assert here.activations == "int16"


def test_what_lacks_16x8_is_named_before_anything_is_quantised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: Any, **__: Any) -> bytes:
        raise AssertionError("the converter must not quantise")

    keras = _tf.keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, name="stem"),
            layers.PReLU(shared_axes=[1, 2], name="slope"),
            layers.Activation("gelu", name="smooth"),
            layers.ELU(name="bend"),
        ],
        name="lacking",
    )
    monkeypatch.setattr(stage, "to_integers", never)
    x = np.random.default_rng(0).standard_normal((100, 8, 8, 2))
    with pytest.raises(ModelError, match="cannot have int16 activations") as caught:
        convert_model(model, x, options=INT16)
    found = " ".join(caught.value.reasons)
    for kind, layer in (("PRELU", "slope"), ("GELU", "smooth"), ("ELU", "bend")):
        assert re.search(rf"op \d+ {kind} 'lacking/{layer}", found), found
    assert "stem" not in found
    assert caught.value.exit_code == 3


def test_what_one_runtime_has_is_said(directory: Path, tmp_path: Path) -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    )
    model.save(tmp_path / "max.keras")
    data = directory / "data.npz"
    with pytest.raises(ModelError) as caught:
        pipeline.convert(tmp_path / "max.keras", data, activations="int16")
    assert caught.value.hint == "LiteRT has them: --exact-to litert"
    converted = pipeline.convert(
        tmp_path / "max.keras", data, activations="int16", exact_to="litert"
    )
    assert converted.activations == "int16"


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ConfigError, match="activations is 'int4'; allowed: 'int8' or 'int16'"):
        ConvertOptions(activations="int4")  # type: ignore[arg-type]


def test_int8_and_int16_beside_each_other(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = str(directory / "cnn.keras"), str(directory / "data.npz")
    files = []
    for activations in ("int8", "int16"):
        files.append(str(tmp_path / f"{activations}.tflite"))
        arguments = ["convert", model, "--data", data, "--activations", activations]
        assert _run([*arguments, "-o", files[-1], "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["activations"] == activations
        assert set(shown["accuracy"]) == {"float", activations}
    beside = ["inspect", *files, "--compare", model, "--data", data, "--board", "nano33"]
    assert _run([*beside, "--json"]) == 0
    narrow, wide = json.loads(capsys.readouterr().out)["models"]
    assert (narrow["activations"], wide["activations"]) == ("int8", "int16")
    ratios = [{x["name"]: x["snr_db"] for x in one["layers"]} for one in (narrow, wide)]
    assert list(ratios[0]) == list(ratios[1])
    better = [ratios[1][name] > ratios[0][name] for name in ratios[0]]
    assert sum(better) > 0.7 * len(better)
    assert wide["arena_bytes"] > 1.5 * narrow["arena_bytes"]
    assert wide["board"]["ram_bytes"] > narrow["board"]["ram_bytes"]
    assert wide["board"]["fits"] == 1
    assert _run(beside) == 0
    text = capsys.readouterr().out
    for word in ("int8", "int16", "accuracy of 160", "arena, bytes", "latency, us", "flash, bytes"):
        assert word in text


def test_several_models_need_the_float_model(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["inspect", "a.tflite", "b.tflite"]) == 2
    assert "--compare FLOAT" in capsys.readouterr().err


RECIPE: dict[str, Any] = {
    "schema": 1,
    "name": "wide",
    "description": "Pruning without training, to 16x8.",
    "limits": {"max_accuracy_drop": 1.0},
    "stage": [
        {"kind": "prune", "sparsity": 0.5, "fine_tune": {"epochs": 0}},
        {"kind": "convert", "activations": "int16"},
    ],
}


def test_recipes_end_in_int16(directory: Path, tmp_path: Path) -> None:
    data = directory / "data.npz"
    result = tinycompress.compress(
        directory / "cnn.keras", RECIPE, data, val=data, board="nano33", output=tmp_path / "out"
    )
    assert {row.activations for row in result.rows} == {"int16"}
    graph = read_model(result.tflite).main
    assert {graph.tensors[index].dtype for index in graph.inputs} == {DType.INT16}
    assert all(row.figures["fits"] for row in result.rows)
    narrow = tinycompress.compress(
        directory / "cnn.keras", RECIPE, data, val=data, board="nano33", activations="int8"
    )
    assert {row.activations for row in narrow.rows} == {"int8"}
    assert narrow.rows[-1].figures["ram_bytes"] < result.rows[-1].figures["ram_bytes"]


def test_callbacks_measure_int16(directory: Path) -> None:
    model = _tf.keras().models.load_model(directory / "mlp.keras")
    found = {}
    for activations in ("int8", "int16"):
        look = DeployabilityCallback("nano33", (X, Y), activations=activations, strict=True)
        look.set_model(model)
        found[activations] = look.measured()
    assert found["int16"].fits == 1
    assert found["int16"].ram_bytes > found["int8"].ram_bytes
    assert 0 <= found["int16"].int8_accuracy <= 1
