"""A tiny experiment from training to the page, as `make results` runs the large ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.results import page, run
from benchmarks.results.experiments import EXPERIMENTS, Experiment, Training
from benchmarks.results.reference import is_made, make_reference
from benchmarks.results.samples import Samples
from benchmarks.results.targets import float_within, smaller
from tinycompress import _tf
from tinycompress.errors import ConfigError

pytestmark = [pytest.mark.tf, pytest.mark.slow]
RECIPE = """
schema = 1
name = "tiny-run"
description = "One stage without training."

[limits]
max_accuracy_drop = 1.0

[[stage]]
kind = "prune"
sparsity = 0.5
fine_tune = { epochs = 0 }
"""


def corners() -> Samples:
    """Which of three numbers is the largest."""
    x = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    y = x.argmax(axis=1).astype(np.uint8)
    return Samples(x[:60], y[:60], x[60:], y[60:])


def network() -> Any:
    keras = _tf.keras()
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(3, activation="softmax", name="out")]
    )


TINY = Experiment(
    title="Tiny",
    load=corners,
    network=network,
    training=Training(epochs=2, batch_size=8, learning_rate=0.1),
    recipes=("tiny-run",),
    targets=(
        float_within("tiny-run", "original", None, "dense"),
        smaller("tiny-run", "prune", "nonzero_parameters", 100, "unreachable"),
    ),
)


def test_figures_and_page_are_written_and_others_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = json.loads(run.FIGURES.read_text(encoding="utf-8"))
    experiments = {**EXPERIMENTS, "tiny": TINY}
    for module in (run, page):
        monkeypatch.setattr(module, "EXPERIMENTS", experiments)
    monkeypatch.setattr(run, "RECIPES", tmp_path)
    monkeypatch.setattr(run, "FIGURES", tmp_path / "results.json")
    monkeypatch.setattr(run, "PAGE", tmp_path / "results.md")
    (tmp_path / "tiny-run.toml").write_text(RECIPE)
    (tmp_path / "results.json").write_text(json.dumps(known))

    run.record("tiny", run.measure("tiny", tmp_path / "scratch"))

    figures = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    tiny = figures["experiments"].pop("tiny")
    assert figures == known
    rows = tiny["runs"]["tiny-run"]["rows"]
    assert [row["stage"] for row in rows] == ["original", "prune"]
    assert rows[1]["figures"]["latency_us"] > 0
    assert [target["met"] for target in tiny["targets"]] == [None, False]
    assert "| Tiny | unreachable |" in (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "**missed**" in (tmp_path / "results.md").read_text(encoding="utf-8")
    # What is not to be run keeps its figures; without figures it must be run.
    (tmp_path / "tiny-run.toml").unlink()
    assert json.loads(json.dumps(run.measure("tiny", tmp_path / "scratch", ["another"]))) == tiny
    (tmp_path / "results.json").write_text(json.dumps(known))
    with pytest.raises(ConfigError, match="not measured yet: tiny-run"):
        run.measure("tiny", tmp_path / "scratch", ["another"])
    (tmp_path / "tiny-run.toml").write_text(RECIPE)
    measured_again_is_what_was_measured(tiny, tmp_path)


def measured_again_is_what_was_measured(tiny: dict[str, Any], tmp_path: Path) -> None:
    """Kept files give the figures of the run again, whatever the figures were in between."""
    stale = json.loads(json.dumps(tiny))
    for row in stale["runs"]["tiny-run"]["rows"]:
        row["figures"] = {"fits": 0}
        row["notes"].append("saves nothing in the .tflite: 1 bytes after 1")
    run.record("tiny", stale)
    # Through JSON, since tuples become lists there.
    assert json.loads(json.dumps(run.again("tiny", tmp_path / "scratch"))) == tiny
    kept = run.again("tiny", tmp_path / "scratch", ["another"])
    assert kept["runs"] == json.loads(json.dumps(stale["runs"]))
    # Accuracy is counted anew where other kernels count it: here these were right by chance.
    rows = stale["runs"]["tiny-run"]["rows"]
    run.record(
        "tiny",
        {
            **stale,
            "exact_to": "litert",
            "runs": {
                "tiny-run": {
                    **stale["runs"]["tiny-run"],
                    "rows": [{**r, "int8_accuracy": 0.0} for r in rows],
                },
            },
        },
    )
    assert json.loads(json.dumps(run.again("tiny", tmp_path / "scratch"))) == tiny
    with pytest.raises(ConfigError, match="counted with litert's kernels, and is now with tflm's"):
        run.again("tiny", tmp_path / "scratch", ["another"])
    run.record("tiny", stale)
    (tmp_path / "scratch/tiny/tiny-run/stages/01-prune/model.tflite").write_bytes(b"another")
    (tmp_path / "scratch/tiny/tiny-run/stages/00-original/model.tflite").unlink()
    with pytest.raises(ConfigError) as caught:
        run.again("tiny", tmp_path / "scratch")
    assert "00-original/model.tflite is not there" in str(caught.value)
    assert "01-prune/model.tflite is not the file that" in str(caught.value)


def test_a_reference_is_repeatable_and_made_anew_for_another_setting(tmp_path: Path) -> None:
    def weights() -> Any:
        model = _tf.keras().models.load_model(tmp_path / "inputs" / "reference.keras")
        return model.get_weights()[0]

    assert not is_made(TINY, tmp_path / "inputs")
    make_reference(TINY, tmp_path / "inputs")
    assert is_made(TINY, tmp_path / "inputs")
    first = weights()
    make_reference(TINY, tmp_path / "inputs")
    np.testing.assert_array_equal(weights(), first)
    assert TINY.training is not None
    other = replace(TINY, training=replace(TINY.training, epochs=1))
    assert not is_made(other, tmp_path / "inputs")
