"""The conversion stage: int8 files from both Kerases, what is refused, what is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.artifacts import ConvertedModel
from tinycompress.conversion import ConvertOptions, convert_in_subprocess, convert_model
from tinycompress.errors import ConfigError, ModelError, ToolError
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

pytestmark = pytest.mark.tf

X = np.random.default_rng(0).random((120, 8, 8, 1), dtype=np.float32)
Build = Callable[[Any], Any]


def _keras(name: str) -> Any:
    return _tf.keras() if name == "keras" else _tf.tf_keras()


def _sequential(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(name="relu"),
            layers.DepthwiseConv2D(3, padding="same", name="dw"),
            layers.ReLU(6.0, name="relu6"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(5, activation="softmax", name="dense"),
        ],
        name="plain",
    )


def _functional(keras: Any) -> Any:
    """Residual connection, nested model, and a layer that is used twice."""
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv2d")(image)
    shared = layers.Conv2D(4, 3, padding="same", name="conv2d_1")
    x = layers.Add(name="add")([x, shared(shared(x))])
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.AveragePooling2D(2, name="average")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(6, name="inner_dense")], name="inner")
    return keras.Model(image, layers.Dense(3, name="scores")(inner(x)), name="graph")


def _kinds(converted: ConvertedModel) -> list[str]:
    return [op.kind for op in read_model(converted.tflite).main.ops]


def _layer_names(converted: ConvertedModel) -> list[str]:
    graph = read_model(converted.tflite).main
    return [graph.layer_name(op) for op in graph.ops]


def _worst_error(converted: ConvertedModel, model: Any, x: np.ndarray) -> float:
    """Largest difference of the int8 model on TFLM from the float model, in output steps."""
    oracle = Oracle(converted.tflite, "tflm")
    (spec,), (output,) = oracle.inputs, oracle.outputs
    rows = [dequantize(oracle.run(quantize(s[np.newaxis], spec))[0], output)[0] for s in x]
    oracle.close()
    return float(np.abs(np.stack(rows) - model.predict(x, verbose=0)).max() / output.scale)


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@pytest.mark.parametrize(
    ("build", "kinds"),
    [
        (
            _sequential,
            "CONV_2D DEPTHWISE_CONV_2D MAX_POOL_2D RESHAPE FULLY_CONNECTED SOFTMAX",
        ),
        (
            _functional,
            "CONV_2D CONV_2D CONV_2D ADD PAD AVERAGE_POOL_2D MEAN FULLY_CONNECTED FULLY_CONNECTED",
        ),
    ],
)
def test_static_batch_and_no_clutter(name: str, build: Build, kinds: str) -> None:
    keras = _keras(name)
    keras.utils.set_random_seed(0)
    model = build(keras)
    converted = convert_model(model, X)
    assert _kinds(converted) == kinds.split()
    assert [spec.shape for spec in converted.inputs] == [(1, 8, 8, 1)]
    assert {spec.dtype for spec in converted.inputs + converted.outputs} == {"int8"}
    assert converted.inputs[0].name == "image"
    assert converted.warnings == ()
    assert "call" not in model.__dict__
    # The ranges come from X, so the int8 model follows the float one to a few steps.
    assert _worst_error(converted, model, X[:20]) < 12


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_operators_carry_the_names_of_the_layers(name: str) -> None:
    names = _layer_names(convert_model(_functional(_keras(name)), X))
    assert names[0].startswith("graph/conv2d/")
    assert names[1].startswith("graph/conv2d_1/")
    assert names[2].startswith("graph/conv2d_1/")
    assert names[3].startswith("graph/add/")
    assert names[-2].startswith("graph/inner/inner_dense/")
    assert names[-1].startswith("graph/scores/")


def test_same_input_same_bytes() -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(5)
    model = _sequential(keras)
    first = convert_model(model, X, options=ConvertOptions(calibration_samples=50, seed=1))
    again = convert_model(model, X, options=ConvertOptions(calibration_samples=50, seed=1))
    other = convert_model(model, X, options=ConvertOptions(calibration_samples=5, seed=2))
    assert first == again
    assert first.tflite != other.tflite


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    model = _sequential(_tf.keras())
    labels = np.arange(len(X)) % 5
    data = {"x": X, "y": labels}
    here = convert_model(model, data)
    assert convert_in_subprocess(model, data) == here
    path = tmp_path / "model.keras"
    model.save(path)
    assert convert_model(path, data).tflite == here.tflite


def _remainder(x: Any) -> Any:
    """Of two values, so that no table of one holds it."""
    return _tf.keras().ops.mod(x, x[:, ::-1])


def test_another_process_reports_the_same_errors() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(_remainder, name="remainder")])
    x = np.random.default_rng(0).random((10, 4))
    with pytest.raises(ModelError) as here:
        convert_model(model, x)
    with pytest.raises(ModelError) as there:
        convert_in_subprocess(model, x)
    assert (here.value.message, here.value.hint) == (there.value.message, there.value.hint)
    assert here.value.reasons == there.value.reasons != ()
    with pytest.raises(ToolError, match=r"no end after 0\.01 s"):
        convert_in_subprocess(model, x, timeout_s=0.01)


def test_float_islands_are_found_in_the_file() -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="before"),
            keras.layers.Lambda(_remainder, name="remainder"),
            keras.layers.Dense(3, name="after"),
        ],
        name="island",
    )
    with pytest.raises(ModelError, match="is not fully integer") as caught:
        convert_model(model, np.random.default_rng(0).random((100, 4)))
    assert caught.value.exit_code == 3
    assert any("FLOOR_MOD 'island/remainder/" in reason for reason in caught.value.reasons)
    assert any("DEQUANTIZE" in reason for reason in caught.value.reasons)


def test_operators_that_tensorflow_lite_lacks_are_all_listed() -> None:
    keras = _tf.keras()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Lambda(keras.ops.arctan, name="bend"),
            keras.layers.Dense(3),
            keras.layers.Lambda(keras.ops.sinh, name="bow"),
        ],
        name="odd",
    )
    with pytest.raises(ModelError, match="cannot be converted to TensorFlow Lite") as caught:
        convert_model(model, np.random.default_rng(0).random((100, 4)))
    assert [reason.split("'")[1].split("/")[1] for reason in caught.value.reasons] == [
        "bend",
        "bow",
    ]


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_several_inputs_and_outputs_keep_their_order(name: str) -> None:
    keras = _keras(name)
    zeta, alpha = keras.Input((3,), name="zeta"), keras.Input((3,), name="alpha")
    # Without layers in between, the converter would give both inputs the scale of their union.
    parts = [keras.layers.Dense(3, activation="relu")(part) for part in (zeta, alpha)]
    joined = keras.layers.Concatenate()(parts)
    outputs = [keras.layers.Dense(2, name="two")(joined), keras.layers.Dense(1, name="one")(joined)]
    model = keras.Model([zeta, alpha], outputs)
    generator = np.random.default_rng(0)
    small, large = generator.random((100, 3)), 50 * generator.random((100, 3))
    converted = convert_model(model, {"alpha": large, "zeta": small})
    assert [spec.name for spec in converted.inputs] == ["zeta", "alpha"]
    assert converted.inputs[0].scale < 0.01 < 0.1 < converted.inputs[1].scale
    assert [spec.shape for spec in converted.outputs] == [(1, 2), (1, 1)]
    assert converted.float_accuracy is None


def test_saved_model_converts_like_its_source(tmp_path: Path) -> None:
    keras = _tf.keras()
    keras.utils.set_random_seed(2)
    model = _functional(keras)
    model.export(tmp_path / "exported", verbose=False)
    converted = convert_model(tmp_path / "exported", X)
    direct = convert_model(model, X)
    assert _kinds(converted) == _kinds(direct)
    assert converted.inputs == direct.inputs
    assert all("PartitionedCall" not in name for name in _layer_names(converted))
    sample = quantize(X[:1], direct.inputs[0])
    (one,), (other,) = (Oracle(c.tflite, "tflm").run(sample) for c in (converted, direct))
    np.testing.assert_array_equal(one, other)


def test_unknown_size_is_taken_from_the_data() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(2, 3)])
    assert convert_model(model, X).inputs[0].shape == (1, 8, 8, 1)


def test_fixed_batch_is_refused() -> None:
    keras = _tf.keras()
    model = keras.Sequential([keras.Input(batch_shape=(32, 4)), keras.layers.Dense(2)])
    with pytest.raises(ModelError, match="has the fixed batch 32"):
        convert_model(model, np.random.default_rng(0).random((100, 4)))


def test_keras_models_need_data_that_fit() -> None:
    model = _sequential(_tf.keras())
    with pytest.raises(ConfigError, match="needs calibration data") as caught:
        convert_model(model, None)
    assert caught.value.exit_code == 2
    with pytest.raises(ConfigError, match=r"expects \(n, 8, 8, 1\)"):
        convert_model(model, np.zeros((5, 28, 28, 1)))
    assert "only 5 calibration samples" in convert_model(model, X[:5]).warnings[0]


@pytest.mark.parametrize("exact_to", ["tflm", "litert"])
def test_per_channel_dense_is_right_on_both_runtimes(exact_to: Any) -> None:
    """Rows of very different size: per-channel scales keep the small ones, both runtimes agree."""
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense(4, use_bias=False)
    model = keras.Sequential([keras.Input((16,)), layer])
    sizes = np.array([1.0, 0.1, 0.01, 0.001], np.float32)
    layer.set_weights([layer.get_weights()[0] * sizes])
    x = np.random.default_rng(0).random((100, 16), dtype=np.float32)
    for per_channel in (False, True):
        converted = convert_model(model, x, options=ConvertOptions(per_channel_dense=per_channel))
        graph = read_model(converted.tflite).main
        (dense,) = graph.ops
        weights = graph.tensors[dense.inputs[1]].quantization
        assert weights is not None
        assert len(weights.scales) == (4 if per_channel else 1)
        oracle = Oracle(converted.tflite, exact_to)
        (spec,), (output,) = oracle.inputs, oracle.outputs
        rows = [oracle.run(quantize(s[np.newaxis], spec))[0][0] for s in x[:30]]
        oracle.close()
        expected = quantize(model.predict(x[:30], verbose=0), output)
        assert np.abs(np.stack(rows).astype(int) - expected).max() <= 2


def test_tflite_is_checked_and_passed_on(examples_dir: Path, tmp_path: Path) -> None:
    path = examples_dir / "digits" / "digits_int8.tflite"
    converted = convert_model(path, None)
    assert converted.tflite == path.read_bytes()
    assert converted.float_accuracy is None
    with np.load(examples_dir / "digits" / "digits.npz") as data:
        test = {"x": data["x_test"][:60] / np.float32(16), "y": data["y_test"][:60]}
    labelled = convert_model(path, test)
    assert labelled.quantized_accuracy is not None
    assert labelled.quantized_accuracy > 0.9
    assert replace(labelled, quality=(), judged_samples=0) == converted
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError):
        convert_model(cut, None)


def test_missing_data_are_said_before_anything_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK\x03\x04 not even a real archive")
    with pytest.raises(ConfigError, match="needs calibration data"):
        convert_model(str(path), None)
    with pytest.raises(ConfigError, match="there is no data file"):
        convert_model(path, tmp_path / "calib.npz")
    with pytest.raises(ConfigError, match="there is no model at"):
        convert_in_subprocess(tmp_path / "none.keras", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"calibration_samples": 0}, "calibration_samples is 0"),
        ({"evaluation_samples": -1}, "evaluation_samples is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"accuracy_drop_warning": 2.0}, "accuracy_drop_warning is 2.0"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ConvertOptions(**options)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    convert_model(_sequential(_tf.keras()), X)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""
