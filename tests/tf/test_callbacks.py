"""Callbacks in fits of both Kerases: what is logged, who sees it, and what never happens."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.callbacks import BOTH, Stand, X, Y, in_tensorboard, model_of, module_of

from tinycompress.artifacts import OutputQuality
from tinycompress.callbacks import (
    Budgets,
    DeployabilityCallback,
    StopWhenFits,
    deployability,
    order_callbacks,
    pruning_callbacks,
)
from tinycompress.errors import BoardError, ConfigError, DoesNotFitError, ModelError

pytestmark = pytest.mark.tf
KEYS = {
    "deploy_flash_bytes", "deploy_ram_bytes", "deploy_latency_us", "deploy_int8_accuracy",
    "deploy_fits", "deploy_seconds", "deploy_least_score", "deploy_largest_drop",
}  # fmt: skip


# Keras 3 goes on without XLA in a process in which training was made deterministic.
@pytest.mark.filterwarnings("ignore:Model doesn't support `jit_compile=True`")
@BOTH
@pytest.mark.parametrize("compiling", [{}, {"steps_per_execution": 2, "jit_compile": True}])
def test_callbacks_behind_it_see_values_in_every_epoch(
    name: str, compiling: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(monkeypatch, 300.0, 200.0, 250.0, 240.0)
    callbacks = module_of(name).callbacks
    best = callbacks.ModelCheckpoint(
        str(tmp_path / "{epoch}.weights.h5"), monitor="deploy_latency_us", mode="min",
        save_best_only=True, save_weights_only=True,
    )  # fmt: skip
    early = callbacks.EarlyStopping(monitor="deploy_latency_us", mode="min", patience=3)
    look = DeployabilityCallback("nano33", X, every=2)
    listed = order_callbacks(
        [best, early, callbacks.CSVLogger(str(tmp_path / "log.csv")),
         look]
    )  # fmt: skip
    model = model_of(name, **compiling)
    history = model.fit(X, Y, epochs=7, verbose=0, callbacks=listed, batch_size=32).history
    assert isinstance(look, callbacks.Callback)
    assert {len(history[key]) for key in KEYS} == {len(history["loss"])}
    # Epochs 1, 2, 4 and 6 are looked at; 3 and 5 repeat; EarlyStopping ends it before the 7th.
    assert history["deploy_latency_us"] == [300.0, 200.0, 200.0, 250.0, 250.0]
    assert stand.looks == 3
    assert sorted(path.name for path in tmp_path.glob("*.h5")) == ["1.weights.h5", "2.weights.h5"]
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["deploy_latency_us"]) for row in rows] == history["deploy_latency_us"]


@BOTH
def test_tensorboard_shows_what_was_logged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Stand(monkeypatch, 300.0, 200.0, 250.0)
    board = module_of(name).callbacks.TensorBoard(str(tmp_path), write_graph=False)
    listed = order_callbacks([board, DeployabilityCallback("nano33", X)])
    history = model_of(name).fit(X, Y, epochs=3, verbose=0, callbacks=listed).history
    for key in KEYS:
        shown = in_tensorboard(tmp_path / "train", f"epoch_{key}")
        assert list(shown) == [0, 1, 2]
        assert list(shown.values()) == pytest.approx(history[key], rel=1e-6)
    assert history["deploy_latency_us"] == [300.0, 200.0, 250.0]


@BOTH
def test_the_last_epoch_and_each_fit_are_looked_at(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(monkeypatch)
    look = DeployabilityCallback("nano33", X, every=10)
    model = model_of(name)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[look])
    assert stand.looks == 2
    model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0, callbacks=[look])
    assert stand.looks == 4


def test_one_callback_goes_from_one_keras_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    Stand(monkeypatch)
    look = DeployabilityCallback("nano33", X)
    for name in ("keras", "tf_keras", "keras"):
        history = model_of(name).fit(X, Y, verbose=0, callbacks=[look]).history
        assert set(history) >= KEYS
        base = module_of(name).callbacks.Callback
        assert isinstance(look, base)
        hooks = {hook for hook in dir(base) if hook.startswith(("on_", "set_"))}
        assert all(callable(getattr(look, hook)) for hook in hooks)


@BOTH
def test_a_failed_look_is_told_once_and_ends_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stand = Stand(monkeypatch)
    stand.error = RuntimeError("converter fell over")
    look = DeployabilityCallback("nano33", X)
    history = model_of(name).fit(X, Y, epochs=3, verbose=0, callbacks=[look]).history
    assert history["deploy_fits"] == [0.0] * 3
    assert all(math.isnan(value) for value in history["deploy_flash_bytes"])
    assert caplog.text.count("RuntimeError: converter fell over") == 1
    with pytest.raises(RuntimeError, match="fell over"):
        model_of(name).fit(
            X, Y, verbose=0, callbacks=[DeployabilityCallback("nano33", X, strict=True)]
        )


@BOTH
def test_every_output_has_its_score(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(monkeypatch)
    stand.quality = (
        OutputQuality(0, "kind", "classes", 0.9, "accuracy", float_score=0.91),
        OutputQuality(1, "age", "regression", 0.5, "R²", float_score=0.8),
    )
    keras = module_of(name)
    x = source = keras.layers.Input((12, 12, 1))
    flat = keras.layers.Flatten()(x)
    heads = [keras.layers.Dense(4)(flat), keras.layers.Dense(1)(flat)]
    model = keras.Model(source, heads)
    model.compile("adam", ["mse", "mse"])
    look = DeployabilityCallback(
        "nano33", (X, [Y, Y]), budgets={"int8_accuracy": 0.6, "largest_drop": 0.1}
    )
    wanted = [np.zeros((len(X), 4)), np.zeros((len(X), 1))]
    logs = model.fit(X, wanted, verbose=2, callbacks=[look]).history
    assert logs["deploy_int8_accuracy"] == [0.7]
    assert (logs["deploy_score_0"], logs["deploy_score_1"]) == ([0.9], [0.5])
    assert logs["deploy_least_score"] == [0.5]
    assert logs["deploy_largest_drop"] == [pytest.approx(0.3)]
    assert logs["deploy_fits"] == [0.0]
    shown = capsys.readouterr().err
    assert "int8 accuracy of output 0 90.00 %, int8 R² of output 1 0.5000" in shown
    assert "int8_accuracy 0.5, budget 0.6; largest_drop 0.3, budget 0.1" in shown


def test_ctrl_c_in_a_look_ends_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deployability, "convert_in_subprocess", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_of("keras").fit(X, Y, verbose=0, callbacks=[DeployabilityCallback("nano33", X)])


def test_what_does_not_fit_is_a_figure_even_if_strict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(monkeypatch)
    over = DeployabilityCallback("nano33", X, budgets={"flash_bytes": 19_999}, strict=True)
    history = model_of("keras").fit(X, Y, verbose=2, callbacks=[over]).history
    assert history["deploy_fits"] == [0.0]
    assert history["deploy_flash_bytes"] == [20_000.0]
    assert "does not fit: flash_bytes 20,000, budget 19,999" in capsys.readouterr().err
    stand.error = DoesNotFitError("flash is 12 bytes short")
    history = model_of("keras").fit(X, Y, verbose=0, callbacks=[over]).history
    assert history["deploy_fits"] == [0.0]
    assert capsys.readouterr().err == ""


@BOTH
def test_training_stops_when_the_model_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Stand(monkeypatch, 300.0, 90.0, 300.0, 90.0, 80.0, 70.0)
    stop = StopWhenFits({"latency_us": 100.0}, epochs=2)
    listed = order_callbacks([stop, DeployabilityCallback("nano33", X)])
    history = model_of(name).fit(X, Y, epochs=9, verbose=0, callbacks=listed).history
    assert len(history["loss"]) == 5
    assert stop.stopped_epoch == 4


def test_stopping_without_figures_is_refused() -> None:
    with pytest.raises(ConfigError, match="no deploy_fits in the logs"):
        model_of("keras").fit(X, Y, verbose=0, callbacks=[StopWhenFits()])
    with pytest.raises(ConfigError, match="no DeployabilityCallback writes it"):
        order_callbacks([StopWhenFits()])
    two = [DeployabilityCallback("nano33", X), DeployabilityCallback("pico", X)]
    with pytest.raises(ConfigError, match="2 DeployabilityCallbacks write deploy_"):
        order_callbacks(two)


def test_values_out_of_range_are_refused_before_any_training(tmp_path: Path) -> None:
    for arguments, error, words in (
        ({"board": "nano34"}, BoardError, "nano34"),
        ({"every": 0}, ConfigError, "every is 0"),
        ({"time_limit_s": 0}, ConfigError, "time_limit_s is 0"),
        ({"budgets": {"flash": 1}}, ConfigError, "did you mean 'flash_bytes'"),
        ({"calibration": tmp_path / "none.npz"}, ConfigError, "no data file at"),
        ({"calibration": 7}, ConfigError, "int is no data"),
    ):
        given: dict[str, Any] = {"board": "nano33", "calibration": X, **arguments}
        with pytest.raises(error, match=words):
            DeployabilityCallback(**given)
    with pytest.raises(ConfigError, match=r"int8_accuracy is 1\.5; allowed: .* above 0 to 1"):
        Budgets(int8_accuracy=1.5)


def real_look(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    look = DeployabilityCallback("nano33", (X, Y), budgets={"ram_bytes": 100_000}, verbose=1)
    model = model_of(name)
    history = model.fit(X, Y, verbose=0, callbacks=[look]).history
    assert look.latest is not None
    assert look.latest.problem == ""
    assert history["deploy_fits"] == [1.0]
    assert 2_000 < history["deploy_flash_bytes"][0] < 60_000
    assert 500 < history["deploy_ram_bytes"][0] < 20_000
    assert history["deploy_latency_us"][0] > 100
    assert 0.0 <= history["deploy_int8_accuracy"][0] <= 1.0
    assert 0 < history["deploy_seconds"][0] < look.time_limit_s
    told = capsys.readouterr().err
    assert "int8 accuracy" in told
    assert "fits (" in told
    # A look leaves the training as it would have been.
    alone = model_of(name)
    alone.fit(X, Y, verbose=0)
    for ours, theirs in zip(model.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_real_look_at_a_keras_model(capsys: pytest.CaptureFixture[str]) -> None:
    real_look("keras", capsys)


@pytest.mark.slow
def test_a_real_look_at_a_tf_keras_model(capsys: pytest.CaptureFixture[str]) -> None:
    real_look("tf_keras", capsys)


def test_a_look_that_takes_too_long_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    look = DeployabilityCallback("nano33", X, time_limit_s=0.1)
    history = model_of("keras").fit(X, Y, verbose=0, callbacks=[look]).history
    assert history["deploy_fits"] == [0.0]
    assert "no end after 1 s" in caplog.text
    assert history["deploy_seconds"][0] < 60


def test_no_keras_model() -> None:
    with pytest.raises(ConfigError, match="object is no Keras model"):
        pruning_callbacks(object(), sparsity=0.5)
    with pytest.raises(ConfigError, match="object is no Keras model"):
        StopWhenFits().set_model(object())


def test_a_model_that_cannot_be_converted_trains_on(caplog: pytest.LogCaptureFixture) -> None:
    look = DeployabilityCallback("nano33", X[:, :5])
    model_of("keras").fit(X, Y, verbose=0, callbacks=[look])
    assert "expects (n, 12, 12, 1)" in caplog.text
    with pytest.raises((ConfigError, ModelError)):
        model_of("keras").fit(
            X, Y, verbose=0, callbacks=[DeployabilityCallback("nano33", X[:, :5], strict=True)]
        )


@pytest.mark.slow
def test_the_example_writes_what_it_says(tmp_path: Path, examples_dir: Path) -> None:
    subprocess.run(
        [sys.executable, examples_dir / "callbacks" / "watch.py", "-o", tmp_path, "--epochs", "2"],
        check=True,
    )
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert {*KEYS, "sparsity"} <= set(rows[0])
    assert (tmp_path / "best.keras").is_file()
