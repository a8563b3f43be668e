"""Callbacks that prune in fits of both Kerases: sparse checkpoints, logs, wrapped layers."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.callbacks import BOTH, Stand, X, Y, in_tensorboard, model_of, module_of

from tinycompress import _tf
from tinycompress.artifacts import ConvertedModel
from tinycompress.callbacks import (
    DeployabilityCallback,
    MagnitudePruning,
    deployability,
    order_callbacks,
    pruning_callbacks,
)
from tinycompress.conversion import convert_model
from tinycompress.errors import ConfigError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf


@BOTH
def test_checkpoints_of_a_pruned_training_are_sparse(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    listed = pruning_callbacks(
        model, sparsity=0.75, checkpoint=tmp_path / "{epoch}.keras", save_freq=3
    )
    history = model.fit(
        X, Y, epochs=4, verbose=0, batch_size=32, callbacks=order_callbacks(listed)
    ).history
    assert history["sparsity"] == sorted(history["sparsity"])
    assert history["sparsity"][0] < 0.7
    assert history["sparsity"][-1] == pytest.approx(0.75, abs=0.01)
    saved = module_of(name).models.load_model(tmp_path / "4.keras")
    for layer in ("conv", "out"):
        kernel = np.asarray(saved.get_layer(layer).kernel)
        assert np.mean(kernel == 0) == pytest.approx(0.75, abs=0.03)


def test_a_skipped_layer_stays_dense_and_unknown_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    model = model_of("keras")
    model.fit(X, Y, verbose=0, callbacks=pruning_callbacks(model, sparsity=0.5, skip=["out"]))
    assert np.all(np.asarray(model.get_layer("out").kernel) != 0)
    for arguments, words in (
        ({"sparsity": 0.5, "skip": ["outt"]}, "'outt', which the model does not have"),
        ({"sparsity": 0.5, "skip": ["out", "conv"]}, "no layer is left"),
        ({"sparsity": 1.0}, "sparsity is 1; allowed: above 0 and below 1"),
        ({}, "no sparsity is given"),
        ({"sparsity": 0.5, "log_dir": "board"}, "needs the Python package tensorboard"),
    ):
        with pytest.raises(ConfigError, match=words):
            pruning_callbacks(model, **arguments)
    with pytest.raises(ConfigError, match="ramp is 0"):
        MagnitudePruning(0.5, ramp=0)


def wrapped(frequency: int) -> Any:
    tfmot = _tf.tfmot().sparsity.keras
    schedule = tfmot.ConstantSparsity(0.5, begin_step=0, frequency=frequency)
    model = tfmot.prune_low_magnitude(model_of("tf_keras"), pruning_schedule=schedule)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_wrapped_models_get_what_tfmot_needs(tmp_path: Path) -> None:
    model = wrapped(frequency=1)
    listed = pruning_callbacks(
        model, checkpoint=tmp_path / "{epoch}-{batch}.h5", save_freq=1, save_weights_only=True
    )
    assert type(listed[0]).__name__ == "UpdatePruningStep"
    history = model.fit(X, Y, epochs=2, verbose=0, batch_size=32, callbacks=listed).history
    assert history["sparsity"][-1] == pytest.approx(0.5, abs=0.02)
    other = wrapped(frequency=1)
    for path in sorted(tmp_path.glob("*-4.h5")):
        other.load_weights(path)
        for weight in other.trainable_weights:
            if "kernel" in weight.name:
                assert np.mean(weight.numpy() == 0) == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ConfigError, match="schedules of their own"):
        pruning_callbacks(model, sparsity=0.5)


@BOTH
def test_tensorboard_shows_the_sparsity(name: str, tmp_path: Path) -> None:
    model = model_of(name)
    listed = pruning_callbacks(model, sparsity=0.5, log_dir=tmp_path)
    history = model.fit(X, Y, epochs=4, verbose=0, callbacks=listed).history
    shown = in_tensorboard(tmp_path / "train", "epoch_sparsity")
    assert list(shown.values()) == pytest.approx(history["sparsity"], rel=1e-6)
    assert shown[3] == pytest.approx(0.5, abs=0.01)


def test_tensorboard_shows_the_sparsity_of_wrapped_layers(tmp_path: Path) -> None:
    model = wrapped(frequency=1)
    listed = pruning_callbacks(model, log_dir=tmp_path)
    model.fit(X, Y, epochs=4, verbose=0, callbacks=listed)
    shown = in_tensorboard(tmp_path / "metrics", "prune_low_magnitude_conv/mask:0/sparsity")
    assert max(shown.values()) == pytest.approx(0.5, abs=0.05)


def test_a_wrapped_model_is_looked_at_as_it_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(monkeypatch)
    seen: list[Any] = []
    convert = stand.convert

    def converted(model: Any, calibration: Any, **more: Any) -> ConvertedModel:
        seen.append(convert_model(model, {"x": X}))
        return convert(model, calibration, **more)

    monkeypatch.setattr(deployability, "convert_in_subprocess", converted)
    model = wrapped(frequency=1)
    listed = order_callbacks([DeployabilityCallback("nano33", X, strict=True),
                              *pruning_callbacks(model)])  # fmt: skip
    model.fit(X, Y, verbose=0, batch_size=32, callbacks=listed)
    weights = [t.data for t in read_model(seen[0].tflite).main.tensors if t.elements == 36]
    kernels = [values for values in weights if values is not None]
    assert len(kernels) == 1
    assert np.mean(kernels[0] == 0) == pytest.approx(0.5, abs=0.03)


def test_a_schedule_that_never_acted_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    model = wrapped(frequency=100)
    model.fit(X, Y, verbose=0, batch_size=32, callbacks=pruning_callbacks(model, verbose=1))
    told = capsys.readouterr().err
    assert "layer 'conv' has 0.0% zeros, 50.0% were asked for" in told
    assert "every 100th step" in told
