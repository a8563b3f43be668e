"""LSTM layers become the operator of TensorFlow Lite, which starts anew with every window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinycompress import _tf
from tinycompress.artifacts import ExactTo
from tinycompress.conversion import ConvertOptions, convert_in_subprocess, convert_model
from tinycompress.conversion.frozen import freeze, predict
from tinycompress.conversion.load import wrap_model
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import has_state, keeps_state
from tinycompress.oracle.oracle import Oracle

pytestmark = pytest.mark.tf

STEPS = 12
X = np.random.default_rng(0).normal(0, 1, (100, STEPS, 3)).astype(np.float32)
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
BOTH_KERASES = pytest.mark.parametrize("name", ["keras", "tf_keras"])
LEAST_DB = 25.0
"""Of the outputs; where state is left from the window before, it is below 15."""


def _branches(layers: Any) -> Callable[[Any], Any]:
    one, other = (layers.LSTM(units, return_sequences=True) for units in (4, 3))
    return lambda x: layers.Concatenate()([one(x), other(x), x])


def _chain(*each: Any) -> Callable[[Any], Any]:
    def called(x: Any) -> Any:
        for layer in each:
            x = layer(x)
        return x

    return called


FUSED: dict[str, tuple[int, Callable[[Any], Callable[[Any], Any]]]] = {
    "plain": (1, lambda layers: layers.LSTM(4)),
    "sequences": (1, lambda layers: layers.LSTM(4, return_sequences=True)),
    "no_bias": (1, lambda layers: layers.LSTM(4, use_bias=False)),
    "backwards": (1, lambda layers: layers.LSTM(4, go_backwards=True)),
    "dropout": (1, lambda layers: layers.LSTM(4, dropout=0.2, recurrent_dropout=0.2)),
    "asked_to_unroll": (1, lambda layers: layers.LSTM(4, unroll=True)),
    "cell": (1, lambda layers: layers.RNN(layers.LSTMCell(4))),
    "both_ways": (2, lambda layers: layers.Bidirectional(layers.LSTM(3))),
    "stacked": (
        4,
        lambda layers: _chain(
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.LSTM(4, return_sequences=True),
            layers.LSTM(4),
            layers.Dense(2),
        ),
    ),
    "branches": (2, _branches),
    "behind_a_convolution": (
        1,
        lambda layers: _chain(layers.Conv1D(4, 3, activation="relu"), layers.LSTM(4)),
    ),
}
UNROLLED: dict[str, tuple[str, Callable[[Any], Callable[[Any], Any]]]] = {
    "gates": (
        "its recurrent activation is hard_sigmoid, not sigmoid",
        lambda layers: layers.LSTM(2, recurrent_activation="hard_sigmoid", name="rnn"),
    ),
    "relu": (
        "its activation is relu, not tanh",
        lambda layers: layers.LSTM(2, activation="relu", name="rnn"),
    ),
    "mask": (
        "it is masked",
        lambda layers: _chain(layers.Masking(), layers.LSTM(2, name="rnn")),
    ),
    "states": (
        "it returns its state",
        lambda layers: lambda x: layers.LSTM(2, return_state=True, name="rnn")(x)[1],
    ),
    "given_state": (
        "it starts from a state that it is given",
        lambda layers: (
            lambda x: layers.LSTM(2, name="rnn")(x, initial_state=[layers.Flatten()(x)[:, :2]] * 2)
        ),
    ),
    "gru": ("TensorFlow Lite has no operator GRU", lambda layers: layers.GRU(2, name="rnn")),
}


def _model(name: str, make: Callable[[Any], Callable[[Any], Any]]) -> Any:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    keras.utils.set_random_seed(3)
    x = keras.Input((STEPS, 3), name="x")
    return keras.Model(x, make(keras.layers)(x))


def _agreement_db(tflite: bytes, model: Any, exact_to: ExactTo) -> float:
    """Signal to noise of an int8 file's outputs for several windows in a row."""
    oracle = Oracle(tflite, exact_to)
    (taken,), (given) = oracle.inputs, oracle.outputs[0]
    stored = np.clip(np.rint(X[:12] / taken.scale) + taken.zero_point, -128, 127).astype(np.int8)
    integers = np.concatenate([oracle.step(window[None])[0] for window in stored]).astype(
        np.float64
    )
    oracle.close()
    wanted = np.asarray(model(X[:12]))
    noise = (integers - given.zero_point) * given.scale - wanted
    return float(10 * np.log10(np.sum(wanted**2) / np.sum(noise**2)))


@pytest.mark.parametrize(
    ("name", "which"), [*(("keras", which) for which in FUSED), ("tf_keras", "stacked")]
)
def test_an_lstm_is_one_operator_that_starts_every_window_anew(name: str, which: str) -> None:
    operators, make = FUSED[which]
    model = _model(name, make)
    converted = convert_model(model, X)
    read = read_model(converted.tflite)
    assert [op.kind for op in read.main.ops].count(LSTM) == operators
    assert (converted.warnings, converted.activations) == ((), "int8")
    assert read.resets_state
    assert has_state(read)
    assert not keeps_state(read)
    for exact_to in ("tflm", "litert"):
        assert _agreement_db(converted.tflite, model, exact_to) > LEAST_DB


@BOTH_KERASES
def test_the_same_model_gives_the_same_file(name: str) -> None:
    model = _model(name, FUSED["stacked"][1])
    files = {convert_model(model, X).tflite for _ in range(2)}
    files.add(convert_in_subprocess(model, X).tflite)
    assert len(files) == 1


@BOTH_KERASES
def test_the_frozen_graph_computes_what_the_layers_do(name: str) -> None:
    model = _model(name, FUSED["stacked"][1])
    frozen = freeze(wrap_model(model), (X.shape[1:],))
    (got,) = predict(frozen, (X[:4],))
    np.testing.assert_allclose(got, np.asarray(model(X[:4], training=False)), atol=1e-5)


@BOTH_KERASES
@pytest.mark.parametrize("which", UNROLLED)
def test_other_layers_are_unrolled_and_the_reason_said(name: str, which: str) -> None:
    reason, make = UNROLLED[which]
    frozen = freeze(wrap_model(_model(name, make)), (X.shape[1:],))
    assert (frozen.unrolled, frozen.not_fused) == ({"rnn": STEPS}, {"rnn": reason})
    assert not frozen.keeps_functions


def test_sequences_longer_than_are_unrolled_are_no_obstacle() -> None:
    keras = _tf.keras()
    x = keras.Input((200, 2))
    windows = np.random.default_rng(1).normal(0, 1, (100, 200, 2)).astype(np.float32)
    converted = convert_model(keras.Model(x, keras.layers.LSTM(3)(x)), windows)
    assert [op.kind for op in read_model(converted.tflite).main.ops].count(LSTM) == 1


def test_16_bit_activations_are_unrolled() -> None:
    model = _model("keras", lambda layers: layers.LSTM(2, name="rnn"))
    converted = convert_model(model, X, options=ConvertOptions(activations="int16"))
    assert not has_state(read_model(converted.tflite))
    assert any("not in 16" in text for text in converted.warnings)


def test_a_calibrator_finds_the_steps_unrolled() -> None:
    model = _model("keras", lambda layers: layers.LSTM(2, name="rnn"))
    converted = convert_model(model, X, options=ConvertOptions(calibrator="mse"))
    assert not has_state(read_model(converted.tflite))
    assert any("calibrators look at the tensors of single steps" in t for t in converted.warnings)


def test_calibration_sees_each_window_from_the_first_state() -> None:
    """A cell that adds up its inputs: all samples in a row would give a range 100 times as wide."""
    model = _model("keras", lambda layers: layers.LSTM(1, name="rnn"))
    kernel, recurrent, bias = (np.zeros(shape) for shape in ((3, 4), (1, 4), (4,)))
    kernel[0, 2], bias[[0, 1, 3]] = 5.0, 10.0
    model.get_layer("rnn").set_weights([kernel, recurrent, bias])
    graph = read_model(convert_model(model, np.abs(X)).tflite).main
    (cell,) = (one for one in graph.tensors if one.is_variable and one.dtype.bits == 16)
    assert cell.quantization is not None
    assert cell.quantization.scale * 2**15 == 16
