"""Refusals that a model of QKeras's or HGQ2's layers reaches; the packages are not needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from support.models.tflite_files import small_cnn
from support.refusals.sites import Refusal
from tinycompress import _tf
from tinycompress.conversion.fixed_point.chains import refuse_rows
from tinycompress.conversion.fixed_point.file_weights import (
    _fitted,
    _require_all,
    _require_grids,
    with_trained_integers,
)
from tinycompress.conversion.fixed_point.grids import Grid, GridWeights
from tinycompress.conversion.fixed_point.planning import plan_of
from tinycompress.conversion.load import load_model, wrap_model
from tinycompress.ir.reader import read_model

_STEPS = np.ones(1)
_LOWEST = GridWeights("conv", np.array([[-128, 3]], np.int8), _STEPS)


def _odd_layer() -> Any:
    """A model with a layer of a class that qkeras may have and nobody here knows."""
    keras = _tf.keras()
    kind = type("QOdd", (keras.layers.Dense,), {"__module__": "qkeras.odd"})
    return keras.Sequential([keras.Input((4,)), kind(3, name="odd")])


def _old_file(directory: Path) -> Path:
    path = directory / "old.h5"
    layer = {"class_name": "QDense", "module": "qkeras.qlayers", "config": {"name": "dense"}}
    whole = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with _tf.h5py().File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(whole)
        file.attrs["keras_version"] = "2.15.0"
    return path


def _twice() -> bytes:
    """A graph that puts a value on two grids, one after the other."""
    tf = _tf.tensorflow()
    graph = tf.Graph()
    with graph.as_default():
        value = tf.compat.v1.placeholder(tf.float32, (1, 4))
        for name, high in (("first", 1.0), ("second", 2.0)):
            fake = tf.quantization.fake_quant_with_min_max_vars
            value = fake(value, 0.0, high, name=f"{name}/fake")
    return bytes(graph.as_graph_def().SerializeToString())


REFUSALS = (
    Refusal("conversion/load.py:_import_quantized_layers",
            lambda path: load_model(_old_file(path)),
            "layers of qkeras for Keras 2", "qkeras-v3 for Keras 3"),
    Refusal("conversion/fixed_point/planning.py:plan_of",
            lambda path: plan_of(wrap_model(_odd_layer())),
            "layer 'odd' (QOdd): no int8 form of it is known", "docs/converting.md"),
    Refusal("conversion/fixed_point/chains.py:refuse_rows",
            lambda path: refuse_rows("model", _twice()),
            "'first' and 'second'", "keep one quantiser of the two"),
    Refusal("conversion/fixed_point/file_weights.py:_require_pairs",
            lambda path: with_trained_integers(
                small_cnn(), small_cnn(), (_LOWEST,), (), "tflm"),
            "made other operators", "--debug"),
    Refusal("conversion/fixed_point/file_weights.py:_require_all",
            lambda path: _require_all((_LOWEST,), set()),
            "layer 'conv'", "channel by channel"),
    Refusal("conversion/fixed_point/file_weights.py:_require_grids",
            lambda path: _require_grids(read_model(small_cnn()).main, (Grid(0.5, 0, 15),)),
            "step 0.5, integers 0 to 15", "--debug"),
    Refusal("conversion/fixed_point/file_weights.py:_fitted",
            lambda path: _fitted(np.array([[128.0, -3.0]]), _LOWEST),
            "int8 has no 128", "symmetric=1"),
)  # fmt: skip
