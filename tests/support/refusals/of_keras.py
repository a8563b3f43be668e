"""Refusals that a Keras model, a SavedModel or a stage of compression reaches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from support.compression.classifier import CLASSES, X, classifier, trainer_of
from support.models.tflite_files import small_cnn
from support.refusals.of_files import sine, two_by_four
from support.refusals.sites import Refusal
from tinycompress import _tf
from tinycompress.calibrators.base import Range
from tinycompress.compression.checks.stored_kernels import match_kernels
from tinycompress.compression.network.attention import split_attention
from tinycompress.compression.network.bridge import require_equal_outputs
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.einsum import split_einsum
from tinycompress.compression.network.network import Layer
from tinycompress.compression.network.read import read_network
from tinycompress.compression.stages import qat
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.compare import compare_layers
from tinycompress.conversion.describe import _frozen
from tinycompress.conversion.frozen import freeze, input_specs
from tinycompress.conversion.load import load_model, wrap_model
from tinycompress.conversion.quantize import to_floats
from tinycompress.conversion.ranges import Shared, require_ranges
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.engines import tflm

ROWS = np.random.default_rng(3).normal(0, 1, (120, 4)).astype(np.float32)


def _model(*layers: Any, shape: tuple[Any, ...] = (4,), **of_input: Any) -> Any:
    keras = _tf.keras()
    inputs = of_input or {"shape": shape}
    return keras.Sequential([keras.Input(**inputs), *layers])


def _dense(**options: Any) -> Any:
    return _tf.keras().layers.Dense(3, **options)


def _function(function: Any) -> Any:
    keras = _tf.keras()
    x = keras.Input((4,), name="x")
    return keras.Model(x, function(keras, x))


def _cumulative() -> Any:
    return _function(lambda keras, x: keras.ops.cumsum(keras.ops.relu(x), axis=-1))


def _odd_layer() -> Any:
    keras = _tf.keras()

    class Odd(keras.layers.Layer):  # type: ignore[name-defined, misc]
        def call(self, x: Any, training: bool = False) -> Any:
            if x.shape[0] == 1:
                raise ValueError("one row is too few")
            return x

    return _model(Odd(), _dense())


def _module(place: Path, function: Any, shape: Any, **variables: Any) -> Path:
    """A SavedModel of a function of one float tensor."""
    tf = _tf.tensorflow()
    module = tf.Module()
    for name, variable in variables.items():
        setattr(module, name, variable)
    module.call = tf.function(
        lambda x: {"y": function(tf, x)}, input_signature=[tf.TensorSpec(shape, name="x")]
    )
    with _tf.quiet():
        tf.saved_model.save(module, str(place / "saved"), signatures=module.call)
    return place / "saved"


def _einsum() -> Any:
    dense = _tf.keras().layers.EinsumDense("abc,bcd->abd", output_shape=(3, 2))
    return _model(dense, shape=(3, 4))


def _counting(place: Path) -> Path:
    """A SavedModel that counts its calls."""
    count = _tf.tensorflow().Variable(0.0)
    return _module(place, lambda tf, x: x + count.assign_add(1.0), (None, 4), count=count)


def _attention_over_images() -> Any:
    keras = _tf.keras()
    x = keras.Input((3, 3, 4), name="x")
    return keras.Model(x, keras.layers.MultiHeadAttention(2, 2)(x, x))


def _loop(tf: Any, x: Any) -> Any:
    return tf.while_loop(lambda y: tf.reduce_sum(y) < 9.0, lambda y: (y + 1.0,), (x,))[0]


def _hdf5(path: Path, config: str, version: str = "3.15.0") -> Path:
    with _tf.h5py().File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = config, version
    return path


def _layers_file(path: Path, class_name: str, module: str | None, **config: Any) -> Path:
    one = {"class_name": class_name, "config": {"name": "odd", **config}}
    if module is not None:
        one |= {"module": module, "registered_name": class_name}
    whole = {"name": "m", "layers": [one]}
    return _hdf5(path, json.dumps({"class_name": "Sequential", "config": whole}))


def _failing_converter() -> object:
    """What the converter says of itself, it says of no model that we know."""
    frozen = freeze(wrap_model(_model(_dense())), ((4,),))
    converter = _tf.tensorflow().lite.TFLiteConverter
    with patch.object(converter, "from_concrete_functions", side_effect=RuntimeError("no room")):
        return to_floats(frozen)


def _other_ranges() -> None:
    made = convert_model(_model(_dense()), ROWS)
    name = read_model(made.tflite).main.tensors[read_model(made.tflite).main.inputs[0]].name
    require_ranges(made.tflite, {Shared((0,), (name,)): Range(-1.0, 1.5)})


def _too_much_code() -> None:
    saved = SimpleNamespace(saved_bytes=100)
    model = SimpleNamespace(tflm_encoding=saved, plain_tflite=b"plain", tflite=b"encoded")
    job: Any = SimpleNamespace(model=model, progress=lambda text: None)
    sizes = {b"plain": 1000, b"encoded": 1200}
    with patch.object(tflm, "_flash_bytes", lambda job, tflite, checkout: sizes[tflite]):
        tflm._worth_its_code(job, Path())


def _nan() -> Any:
    model = _model(_dense())
    model.layers[0].kernel.assign(np.full((4, 3), np.nan))
    return model


def _subclassed() -> Any:
    keras = _tf.keras()

    class Own(keras.Model):  # type: ignore[name-defined, misc]
        def call(self, x: Any) -> Any:
            return x

    return Own()


def _unknown_kind() -> object:
    network = read_network(classifier())
    return build_model(network.with_layers([Layer("pass", "Denser", {})]), "tf_keras")


def _prepared(layer: Any) -> object:
    return qat._prepared(read_network(_model(layer, _dense())))


def _unlike_tf_mot() -> object:
    network = read_network(classifier())
    odd = replace(network.layers["pass"], config={**network.layers["pass"].config,
                                                  "activation": "exponential"})  # fmt: skip
    return qat._quantized(network.with_layers([odd]), trainer_of(network, X, CLASSES))


LEAVE_OUT = "leave qat out of the recipe"

REFUSALS: tuple[Refusal, ...] = (
    Refusal("conversion/compare.py:_require_same_inputs",
            lambda _: compare_layers(wrap_model(_model(_dense())), two_by_four(), ROWS),
            "have different inputs: [4] and [8]", "the float model that it was made from"),
    Refusal("conversion/convert.py:_verified", lambda _: convert_model(_cumulative(), ROWS),
            "is not fully integer\n  - op 2 CUMSUM", "a Dense layer with a triangle of ones"),
    Refusal("conversion/convert.py:pass_on", lambda place: convert_model(sine(place), None),
            "is not fully integer", "convert the Keras model itself"),
    Refusal("conversion/describe.py:_frozen",
            lambda _: _frozen(*(lambda one: (one, input_specs(one)))(
                wrap_model(_model(_tf.keras().layers.Conv2D(2, 3), shape=(None, None, 1))))),
            "only the batch may be unknown", "keras.Input((32, 32, 3))"),
    Refusal("conversion/frozen.py:input_specs",
            lambda _: convert_model(_model(_dense(), batch_shape=(32, 4)), ROWS),
            "has the fixed batch 32", "batch size 1 or None"),
    Refusal("conversion/frozen.py:freeze", lambda _: convert_model(_odd_layer(), ROWS),
            "cannot be traced with a batch of 1: one row is too few",
            "check that model(x, training=False) works"),
    Refusal("conversion/frozen.py:_shape",
            lambda place: convert_model(_module(place, lambda tf, x: x * 2.0, None), ROWS),
            "has no shape", "export the model with a fixed input shape"),
    Refusal("conversion/frozen.py:_refuse_loops",
            lambda place: convert_model(_module(place, _loop, (None, 4)), ROWS),
            "has loops in its graph", "give the Keras model instead"),
    Refusal("conversion/pure.py:require_pure",
            lambda place: convert_model(
                _module(place, lambda tf, x: x + tf.random.uniform((4,)), (None, 4)), ROWS),
            "draws random numbers in",
            "give the .keras file"),
    Refusal("conversion/pure.py:require_pure#2",
            lambda place: convert_model(_counting(place), ROWS),
            "changes variables when it runs", "--streaming"),
    Refusal("conversion/int16_operators.py:require_int16",
            lambda _: convert_model(_function(lambda keras, x: keras.ops.sin(x)), ROWS,
                                    options=ConvertOptions(activations="int16")),
            "no 16x8 form in TensorFlow's converter", "leave the activations int8"),
    Refusal("conversion/load.py:_hdf5_configuration",
            lambda place: load_model(_bytes(place / "m.h5", b"\x89HDF\r\n\x1a\n and no more")),
            "is damaged", "save or copy the model again"),
    Refusal("conversion/load.py:_hdf5_configuration#2",
            lambda place: load_model(_hdf5(place / "m.h5", "{")),
            "its model_config is no JSON", "save or copy the model again"),
    Refusal("conversion/load.py:_load_keras",
            lambda place: load_model(_layers_file(place / "m.h5", "Lambda", None)),
            "layer 'odd' is a Lambda layer", "export the model as a SavedModel"),
    Refusal("conversion/load.py:_loading",
            lambda place: load_model(_layers_file(place / "m.h5", "Doubling", "mine")),
            "needs code that is not in the file", "register the classes"),
    Refusal("conversion/load.py:_loading#2",
            lambda place: load_model(_layers_file(place / "m.h5", "Dense", "keras.layers",
                                                  invented_in_2031=True)),
            "cannot be loaded by keras", "pip install --upgrade keras"),
    Refusal("conversion/load.py:_require_inputs",
            lambda _: wrap_model(_tf.keras().Sequential([_dense()])),
            "has no fixed inputs", "call model.build(input_shape)"),
    Refusal("conversion/load.py:_load_saved_model",
            lambda place: load_model(_bytes(place / "saved_model.pb", b"\0 nothing").parent),
            "cannot be loaded", "export or copy it again"),
    Refusal("conversion/quantize.py:_explained",
            lambda _: convert_model(
                _model(_tf.keras().layers.MaxPooling3D(2), shape=(2, 2, 2, 1)),
                np.random.default_rng(0).random((120, 2, 2, 2, 1), np.float32)),
            "MaxPool3D", "instead of these layers: the 2D layer over the frames"),
    Refusal("conversion/quantize.py:_explained#2", lambda _: _failing_converter(),
            "TensorFlow cannot quantise the model: no room", "--debug"),
    Refusal("conversion/ranges.py:require_ranges", lambda _: _other_ranges(),
            "did not keep the calibrated ranges", "--calibrator minmax"),
    Refusal("conversion/recurrent/unrolling.py:_recurrent_layers",
            lambda _: convert_model(
                _model(_tf.keras().layers.GRU(2, stateful=True), batch_shape=(1, 3, 4)),
                ROWS.reshape(40, 3, 4)),
            "stateful=True", "stateful=False"),
    Refusal("pipeline/engines/tflm.py:_worth_its_code", lambda _: _too_much_code(),
            "takes 300 bytes of code (measured)", "--weights plain"),
    Refusal("compression/checks/stored_kernels.py:match_kernels",
            lambda _: match_kernels(read_model(small_cnn()).main, read_network(classifier())),
            "holds no kernel like that of layer", "converted as a part of it"),
    Refusal("compression/network/attention.py:_without",
            lambda _: split_attention(read_network(_attention_over_images())),
            "have more axes than time and channels", "reshape its inputs to (steps, channels)"),
    Refusal("compression/network/bridge.py:require_equal_outputs",
            lambda _: require_equal_outputs(_nan(), _nan(), what="x"),
            "is not finite on random input", "check the weights for NaN"),
    Refusal("compression/network/bridge.py:require_equal_outputs#2",
            lambda _: require_equal_outputs(_model(_dense()), _model(_dense()), what="rebuilding"),
            "rebuilding: output 0 of model", "report the model's summary"),
    Refusal("compression/network/build.py:build_model", lambda _: _unknown_kind(),
            "has no such layer", "pip install --upgrade tf_keras"),
    Refusal("compression/network/read.py:read_network",
            lambda _: read_network(_odd_layer()),
            "class Odd is not supported", "replace these layers"),
    Refusal("compression/network/einsum.py:_equation",
            lambda _: split_einsum(read_network(_einsum())),
            "'abc,bcd->abd' is no Dense layer", "use Dense with Reshape"),
    Refusal("compression/network/read.py:_functional", lambda _: read_network(_subclassed()),
            "it is not built", "use a Sequential or Functional model"),
    Refusal("compression/stages/qat.py:_prepared",
            lambda _: _prepared(_tf.keras().layers.LayerNormalization()),
            "cannot be trained with int8 rounding", LEAVE_OUT),
    Refusal("compression/stages/qat.py:_quantized", lambda _: _unlike_tf_mot(),
            "TF-MOT cannot prepare model", LEAVE_OUT),
    Refusal("compression/stages/qat.py:_require_all_kernels",
            lambda _: qat._require_all_kernels(read_network(classifier()), {}),
            "TF-MOT would not round its kernel", LEAVE_OUT),
)  # fmt: skip


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
