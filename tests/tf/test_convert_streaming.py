"""Keras models as streams: one step per invocation, with the outputs of the whole window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cases.sequences import differing_bytes

import tinycompress
from tinycompress import _tf
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state
from tinycompress.oracle import Oracle

pytestmark = pytest.mark.tf

STEPS, FEATURES = 4, 3
X = np.random.default_rng(0).normal(0, 1, (100, STEPS, FEATURES)).astype(np.float32)
STREAMING = ConvertOptions(streaming=True)


def _model(name: str, make: Callable[[Any], list[Any]], **shape: Any) -> Any:
    keras = _tf.keras() if name == "keras" else _tf.tf_keras()
    keras.utils.set_random_seed(3)
    given = shape or {"shape": (STEPS, FEATURES)}
    return keras.Sequential([keras.Input(**given, name="x"), *make(keras.layers)], name="model")


def _mixed(layers: Any) -> list[Any]:
    return [
        layers.Conv1D(4, 2, padding="causal", dilation_rate=2, name="conv"),
        layers.GRU(4, return_sequences=True, name="gru"),
        layers.LSTM(3, return_sequences=True, name="lstm"),
        layers.TimeDistributed(layers.Dense(3), name="each"),
        layers.SimpleRNN(3, name="simple"),
        layers.Dense(2, name="out"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_a_stream_gives_what_the_window_gives(name: str, tmp_path: Path) -> None:
    model = _model(name, _mixed)
    window, stream = convert_model(model, X), convert_model(model, X, options=STREAMING)
    assert stream.inputs[0].shape == (1, 1, FEATURES)
    assert keeps_state(read_model(stream.tflite))
    assert not [text for text in stream.warnings if "unrolled" in text]
    assert stream.agreement == window.agreement
    whole, steps = Oracle(window.tflite, "tflm"), Oracle(stream.tflite, "tflm")
    wanted = np.asarray(model(X[:5], training=False))
    errors = []
    for number in range(5):
        stored = quantize(X[number : number + 1], window.inputs[0])
        found = [
            (steps.step if at else steps.run)(stored[:, at : at + 1])[0] for at in range(STEPS)
        ]
        np.testing.assert_array_equal(found[-1], whole.run(stored)[0])
        errors.append(dequantize(found[-1], stream.outputs[0])[0] - wanted[number])
    # 10 dB: the outputs of five random layers on top of each other are small.
    assert np.sum(np.square(errors)) < np.sum(np.square(wanted)) / 10
    assert differing_bytes(stream.tflite, "tflm", 6) == 0
    _bench_as_one_stream(stream.tflite, tmp_path)


def _bench_as_one_stream(tflite: bytes, directory: Path) -> None:
    """Step by step on the emulated board: two windows behind each other, each from a reset."""
    file = directory / "stream.tflite"
    file.write_bytes(tflite)
    built = tinycompress.build(file, "nano33", toolchain="zig", output=directory / "project")
    rows = X[:2].reshape(-1, 1, FEATURES)
    reset = [int(at % STEPS == 0) for at in range(len(rows))]
    np.savez(directory / "rows.npz", x=rows, reset=np.array(reset))
    result = tinycompress.bench(built.directory, samples=directory / "rows.npz", runs=1)
    assert (result.samples, result.mismatched_samples) == (len(rows), 0)


REFUSED: dict[str, tuple[Callable[[Any], list[Any]], str]] = {
    "bidirectional": (
        lambda layers: [layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")],
        "both",
    ),
    "both_gru": (lambda layers: [layers.Bidirectional(layers.GRU(2), name="both")], "both"),
    "pooling": (lambda layers: [layers.GlobalAveragePooling1D(name="pool")], "pool"),
    "flatten": (lambda layers: [layers.Flatten(name="flat"), layers.Dense(2)], "flat"),
    "same": (lambda layers: [layers.Conv1D(2, 3, padding="same", name="conv")], "conv"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_layers_that_need_later_steps_are_refused_by_name(which: str) -> None:
    make, layer = REFUSED[which]
    with pytest.raises(ModelError, match="cannot take one time step per invocation") as caught:
        convert_model(_model("keras", make), X, options=STREAMING)
    assert layer in caught.value.reasons[0]


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_a_stateful_layer_keeps_its_state_in_a_stream(name: str) -> None:
    model = _model(
        name,
        lambda layers: [layers.SimpleRNN(2, stateful=True, name="rnn")],
        batch_shape=(1, STEPS, FEATURES),
    )
    with pytest.raises(ModelError, match="stateful=True") as caught:
        convert_model(model, X)
    assert caught.value.reasons == ("SimpleRNN 'rnn'",)
    assert caught.value.hint is not None
    assert "convert --streaming" in caught.value.hint
    assert keeps_state(read_model(convert_model(model, X, options=STREAMING).tflite))


def test_a_stateful_model_of_one_step_needs_a_window() -> None:
    model = _model(
        "keras",
        lambda layers: [layers.SimpleRNN(2, stateful=True, name="rnn")],
        batch_shape=(1, 1, FEATURES),
    )
    with pytest.raises(ModelError, match="takes no window of time steps") as caught:
        convert_model(model, X[:, :1], options=STREAMING)
    assert caught.value.hint is not None
    assert "same weights" in caught.value.hint


@pytest.mark.parametrize("more", [{"activations": "int16"}, {"calibrator": "mse"}])
def test_what_a_stream_has_not(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a stream has int8 activations"):
        ConvertOptions(streaming=True, **more)
