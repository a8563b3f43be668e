"""Real Keras 2 models convert, and come out like the int8 files published with them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from support.models.collection import Collection

from tinycompress.codegen.macs import total_macs
from tinycompress.conversion import convert_model
from tinycompress.conversion.frozen import input_specs
from tinycompress.conversion.load import load_model
from tinycompress.errors import ModelError
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

pytestmark = [pytest.mark.tf, pytest.mark.shared]

MODELS = [
    "mlperf_tiny/ad01_int8",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/str_ww_ref_model",
    pytest.param("mlperf_tiny/vww_96_int8", marks=pytest.mark.slow),
    "silabs_mltk/autoencoder_example",
    "silabs_mltk/image_example1",
    "silabs_mltk/keyword_spotting",
    pytest.param("silabs_mltk/keyword_spotting_mobilenetv2", marks=pytest.mark.slow),
    "silabs_mltk/tflite_micro_magic_wand",
    "silabs_mltk/tflite_micro_speech",
    "tinymaix/cifar10_q",
    "tinymaix/mnist_arduino_q",
    "tinymaix/mnist_dw_q",
    "tinymaix/mnist_valid_q",
    pytest.param("tinymaix/vww96_q", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("name", MODELS)
def test_published_models(shared_data: Collection, name: str) -> None:
    path = shared_data.file(f"models/{name}.h5")
    (spec,) = input_specs(load_model(path))
    shape = [1 if size is None else size for size in spec.shape[1:]]
    x = np.random.default_rng(0).random((20, *shape), dtype=np.float32)
    converted = convert_model(path, x)
    graph = read_model(converted.tflite).main
    published = read_model(path.with_suffix(".tflite").read_bytes()).main
    assert total_macs(graph) == total_macs(published)
    assert {op.kind for op in graph.ops} <= {op.kind for op in published.ops} | {"MEAN"}
    assert converted.outputs[0].shape == published.tensors[published.outputs[0]].shape


def test_mnist_accuracy_survives(shared_data: Collection) -> None:
    with np.load(shared_data.file("datasets/mnist.npz")) as data:
        x, y = data["x_test"][:300] / np.float32(255), data["y_test"][:300]
    path = shared_data.file("models/tinymaix/mnist_valid_q.h5")
    (spec,) = input_specs(load_model(path))
    converted = convert_model(path, {"x": x.reshape(-1, *spec.shape[1:]), "y": y})
    assert converted.float_accuracy is not None
    assert converted.quantized_accuracy is not None
    assert converted.float_accuracy > 0.9
    assert converted.quantized_accuracy > converted.float_accuracy - 0.02


def test_regression_model_reconstructs(shared_data: Collection) -> None:
    """The autoencoder has no classes: its int8 outputs follow the float ones."""
    path = shared_data.file("models/silabs_mltk/autoencoder_example.h5")
    x = np.random.default_rng(0).random((100, 140), dtype=np.float32)
    converted = convert_model(path, {"x": x, "y": x})
    assert converted.float_accuracy is None
    (quality,) = converted.quality
    assert (quality.kind, quality.score_name) == ("regression", "R²")
    assert quality.score == pytest.approx(quality.float_score, abs=0.05)
    oracle = Oracle(converted.tflite, "tflm")
    rows = [
        dequantize(oracle.run(quantize(s[np.newaxis], oracle.inputs[0]))[0], oracle.outputs[0])[0]
        for s in x[:20]
    ]
    oracle.close()
    expected = load_model(path).model.predict(x[:20], verbose=0)
    assert np.abs(np.stack(rows) - expected).max() < 0.06


def test_model_with_foreign_layers_names_them(shared_data: Collection) -> None:
    path = shared_data.file("models/silabs_mltk/keyword_spotting_alexa.h5")
    with pytest.raises(ModelError, match="needs code that is not in the file") as caught:
        load_model(path)
    assert caught.value.reasons[0] == ("class 'MultiScaleTemporalConvolution' of layer 'mtconv-0'")


def test_files_that_are_not_int8_are_refused(shared_data: Collection) -> None:
    path = shared_data.file("models/mlperf_tiny/kws_ref_model_float32.tflite")
    with pytest.raises(ModelError, match="is not fully integer") as caught:
        convert_model(path, None)
    assert len(caught.value.reasons) > len(read_model(path.read_bytes()).main.ops)
    assert os.fspath(path) in caught.value.message


def test_a_float_border_is_passed_on(shared_data: Collection) -> None:
    """QUANTIZE and DEQUANTIZE at the ends run on the device; accuracy is counted through them."""
    path = shared_data.file("models/silabs_mltk/image_example1.tflite")
    (spec,) = read_model(path.read_bytes()).main.inputs
    shape = read_model(path.read_bytes()).main.tensors[spec].shape
    x = np.random.default_rng(0).random((4, *shape[1:]), dtype=np.float32)
    converted = convert_model(path, {"x": x, "y": np.array([0, 1, 0, 1])})
    assert converted.tflite == path.read_bytes()
    assert converted.inputs[0].dtype == "float32"
    assert converted.quantized_accuracy is not None
