"""Recurrent layers: one operator or unrolled, with the values of the loop, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.conversion import convert_model
from tinycompress.conversion.frozen import freeze, predict
from tinycompress.conversion.load import wrap_model
from tinycompress.conversion.recurrent import unrolling
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf

STEPS = 5
X = np.random.default_rng(0).normal(0, 1, (100, STEPS, 3)).astype(np.float32)
BOTH_KERASES = pytest.mark.parametrize("name", ["keras", "tf_keras"])

LAYERS: dict[str, Callable[[Any], Any]] = {
    "lstm": lambda layers: layers.LSTM(4, name="rnn"),
    "gru": lambda layers: layers.GRU(4, name="rnn"),
    "simple": lambda layers: layers.SimpleRNN(4, go_backwards=True, name="rnn"),
    "cells": lambda layers: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], name="rnn"),
    "both_ways": lambda layers: layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
    "dropout": lambda layers: layers.LSTM(4, dropout=0.1, recurrent_dropout=0.1, name="rnn"),
}


def _keras(name: str) -> Any:
    return _tf.keras() if name == "keras" else _tf.tf_keras()


def _model(name: str, make: Callable[[Any], Any]) -> Any:
    keras = _keras(name)
    return keras.Sequential([keras.Input((STEPS, 3), name="x"), make(keras.layers)], name="model")


@BOTH_KERASES
@pytest.mark.parametrize("which", LAYERS)
def test_an_unrolled_layer_computes_what_its_loop_does(name: str, which: str) -> None:
    model = _model(name, LAYERS[which])
    before = [dict(layer.__dict__) for layer in model._flatten_layers()]
    frozen = freeze(wrap_model(model), (X.shape[1:],), unroll_because="to see it")
    assert set(frozen.unrolled.values()) == {STEPS}
    (got,) = predict(frozen, (X[:4],))
    np.testing.assert_allclose(got, np.asarray(model(X[:4], training=False)), atol=1e-5)
    after = [layer.__dict__ for layer in model._flatten_layers()]
    for one, other in zip(before, after, strict=True):
        assert one.get("call") is other.get("call")
        assert one.get("unroll") == other.get("unroll")


@BOTH_KERASES
def test_an_unrolled_layer_becomes_integer_and_is_said(name: str) -> None:
    converted = convert_model(_model(name, LAYERS["gru"]), X)
    assert "FULLY_CONNECTED" in {op.kind for op in read_model(converted.tflite).main.ops}
    assert [text for text in converted.warnings if "'rnn'" in text and f"{STEPS} time" in text]
    assert convert_model(_model(name, lambda layers: layers.GRU(2, unroll=True)), X).warnings == ()


@BOTH_KERASES
def test_long_sequences_are_refused_with_the_limit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrolling, "MAX_STEPS", STEPS - 1)
    with pytest.raises(ModelError, match="has loops in its graph") as caught:
        convert_model(_model(name, LAYERS["gru"]), X)
    assert "rnn" in caught.value.reasons[0]
    assert caught.value.hint is not None
    assert f"'rnn' ({STEPS} steps; TensorFlow Lite has no operator GRU)" in caught.value.hint


@BOTH_KERASES
def test_stateful_layers_are_refused_by_name(name: str) -> None:
    keras = _keras(name)
    model = keras.Sequential([keras.layers.GRU(2, unroll=True, stateful=True, name="rnn")])
    model.build((1, STEPS, 3))
    with pytest.raises(ModelError, match="stateful=True") as caught:
        convert_model(model, X)
    assert caught.value.reasons == ("GRU 'rnn'",)


def test_loops_of_a_saved_model_are_refused_with_the_way_out(tmp_path: Path) -> None:
    model = _model("keras", LAYERS["simple"])
    model.export(str(tmp_path / "saved"), verbose=False)
    with pytest.raises(ModelError, match="has loops in its graph") as caught:
        convert_model(tmp_path / "saved", X)
    assert caught.value.hint is not None
    assert "give the Keras model instead" in caught.value.hint
