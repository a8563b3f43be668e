"""What a conversion says of its file: lost parts of an output, and no accuracy where none is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.conversion import convert_model
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

X = np.random.default_rng(0).random((120, 6), dtype=np.float32)


def _model(function: Any) -> Any:
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,), name="x")
    return keras.Model(inputs, function(keras.layers, inputs), name="model")


def _boxes_and_scores(layers: Any, x: Any) -> list[Any]:
    boxes = layers.Rescaling(640.0)(layers.Dense(4, activation="sigmoid")(x))
    return [boxes, layers.Dense(3, activation="sigmoid")(x)]


def test_scores_next_to_boxes_are_said_to_be_lost() -> None:
    def joined(layers: Any, x: Any) -> Any:
        return layers.Concatenate()(_boxes_and_scores(layers, x))

    (text,) = convert_model(_model(joined), X).warnings
    assert text.startswith("values 4..6 of output ")
    assert "they are lost; give them an output of their own, or scale them" in text
    assert "--activations int16" in text


@pytest.mark.parametrize(
    "function",
    [
        _boxes_and_scores,
        lambda layers, x: layers.Dense(4)(x),
        # A class that no sample shows is nothing lost.
        lambda layers, x: layers.Dense(3, activation="softmax", bias_initializer="ones")(
            layers.Rescaling(30.0)(x)
        ),
        lambda layers, x: layers.Concatenate()([layers.Dense(2)(x), layers.ReLU()(-x)]),
    ],
    ids=["own_outputs", "dense", "softmax", "constant"],
)
def test_outputs_with_enough_steps_earn_no_warning(function: Any) -> None:
    assert convert_model(_model(function), X).warnings == ()


def test_a_file_that_the_runtime_lacks_an_operator_for_is_written_without_accuracy() -> None:
    def function(layers: Any, x: Any) -> Any:
        return layers.Dense(2)(_tf.keras().ops.top_k(layers.Dense(4)(x), 2)[0])

    model = _model(function)
    data = {"x": X, "y": np.arange(120) % 2}
    converted = convert_model(model, data)
    assert "TOPK_V2" in {op.kind for op in read_model(converted.tflite).main.ops}
    assert converted.float_accuracy is not None
    assert converted.quantized_accuracy is None
    assert [text for text in converted.warnings if "TOPK_V2" in text]


def test_a_mask_is_named_where_its_cast_to_floats_is_refused() -> None:
    keras = _tf.keras()
    words = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True)(words)
    x = keras.layers.GlobalAveragePooling1D()(x)
    tokens = np.random.default_rng(0).integers(0, 9, (40, 6)).astype(np.int32)
    with pytest.raises(ModelError, match="converts to float32") as caught:
        convert_model(keras.Model(words, keras.layers.Dense(3)(x)), tokens)
    assert "Embedding with mask_zero=False" in str(caught.value.hint)
