"""Weights of few bits: on their grid in the int8 file, through training, and chosen by budget."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.compression.classifier import (
    CLASSES,
    PRUNE,
    X,
    classifier,
    exported,
    recipe,
    recipe_of,
    trainer_of,
)
from support.compression.runs import TUNE, export, run
from support.compression.small_models import trained

from tinycompress.cli.main import _run
from tinycompress.compression.checks.invariants import check_int8
from tinycompress.compression.checks.promises import GridPromise, Promises
from tinycompress.compression.checks.shared_integers import SharedIntegers
from tinycompress.compression.checks.stored_kernels import match_kernels
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import file_integers, grid_integers
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.result import CompressionResult
from tinycompress.compression.run.runner import compress
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.ir.reader import read_model

pytestmark = pytest.mark.tf
GRIDDED = ("stem", "pw", "branch", "hidden", "out")


def bits(count: int | str, **more: Any) -> dict[str, Any]:
    return {"kind": "weight_bits", "bits": count, "fine_tune": {"epochs": 0}, **more}


@cache
def grids() -> CompressionResult:
    return run(
        {"kind": "prune", "sparsity": 0.4, "fine_tune": TUNE},
        bits(4, layer_bits={"branch": 3, "hidden": 2, "stem": 8}, fine_tune=TUNE),
        {"kind": "train", "fine_tune": TUNE},
        {"kind": "qat", "fine_tune": TUNE},
    )


def integers_in(tflite: bytes, network: Network) -> dict[str, set[int]]:
    matched = match_kernels(read_model(tflite).main, network)
    return {one.layer.name: set(one.integers.ravel().tolist()) for one in matched}


@pytest.mark.slow
def test_the_last_file_is_on_the_grids_after_training_and_qat() -> None:
    result = grids()
    values = integers_in(result.tflite, fold_batch_norms(read_network(result.model)))
    for name, count in (("pw", 4), ("branch", 3), ("hidden", 2), ("out", 4)):
        assert values[name] <= set(grid_integers(count).tolist()), name
        assert len(values[name]) > 2
    assert not values["stem"] <= set(grid_integers(7).tolist())
    assert len(values["dw"]) > 15
    assert result.rows[-1].int8_accuracy >= 0.85


@pytest.mark.slow
def test_every_file_has_so_few_values_and_the_zeros_of_prune() -> None:
    _, pruned, *after = grids().rows
    zeros = {fact.layer: fact.zeros for fact in pruned.kernels}
    for row in after:
        facts = {fact.layer: fact for fact in row.kernels}
        for name, most in (("pw", 15), ("branch", 7), ("hidden", 3), ("out", 15)):
            assert facts[name].distinct <= most, (row.stage, name)
            assert facts[name].zeros >= zeros[name]
    told = " ".join(after[0].notes)
    assert "stem 8, pw 4, branch 3, hidden 2, out 4" in told
    assert "left as they are: dw (DepthwiseConv2D)" in told


@pytest.mark.slow
def test_training_goes_on_learning_on_the_grid() -> None:
    hashes = [row.tflite_sha256 for row in grids().rows]
    assert len(set(hashes)) == len(hashes)


def test_a_file_that_breaks_the_promise_is_found() -> None:
    network, trainer = trained()
    folded = fold_batch_norms(network)
    tflite = export(build_model(folded, "tf_keras"), (trainer.train.inputs[0][:100],))
    promised = Promises(gridded={"branch": GridPromise(4)})
    with pytest.raises(MismatchError, match=r"'branch': \d+ distinct integers .* promised 4 bits"):
        check_int8(tflite, folded, promised, stage="weight_bits")


def test_a_broken_promise_ends_the_command_with_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that does not put the kernels back, as a fault of ours would."""
    build_model(read_network(classifier()), "keras").save(tmp_path / "m.keras")
    np.savez(tmp_path / "d.npz", x=X, y=CLASSES)
    stage = bits(3, fine_tune={"epochs": 1})
    (tmp_path / "r.toml").write_text(
        'schema = 1\nname = "r"\ndescription = "d"\n[limits]\nmax_accuracy_drop = 1.0\n'
        f'[[stage]]\nkind = "weight_bits"\nbits = {stage["bits"]}\n'
    )
    monkeypatch.setattr(SharedIntegers, "__call__", lambda self, changed: changed)
    code = _run(
        ["-q", "compress", str(tmp_path / "m.keras"), "--recipe", str(tmp_path / "r.toml"),
         "--data", str(tmp_path / "d.npz"), "-o", str(tmp_path / "out")]
    )  # fmt: skip
    assert code == 8
    assert "not on the grid of the promised 3 bits" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out" / "result").exists()


def network_of(model: Any) -> Network:
    return read_network(model)


def stage_on(table: dict[str, Any], **more: Any) -> State:
    network = network_of(classifier())
    (options,) = recipe_of(table).steps
    return run_stage(State(network), options, trainer_of(network, X, CLASSES, **more))


def test_bits_by_sensitivity_keep_the_mean() -> None:
    """The layer that decides has eight times the weight of noise in front of it."""
    for measure in ("kl", "hessian"):
        state = stage_on(bits("auto", mean_bits=6.0, sensitivity=measure, samples=128))
        few = {name: promise.bits for name, promise in state.promises.gridded.items()}
        sizes = {"pass": 36, "out": 18}
        mean = sum(few.get(name, 8) * size for name, size in sizes.items()) / 54
        assert mean <= 6.0
        for name, count in few.items():
            layer = state.network.layers[name]
            integers = file_integers(layer.weights[0], layer.kind)
            assert set(integers.ravel()) <= set(grid_integers(count))
        assert any("in the mean; by" in note for note in state.notes)


def test_flash_is_measured_and_the_most_bits_that_fit_are_kept() -> None:
    tried: list[float] = []
    told: list[str] = []

    def flash(network: Network, figure: str) -> float:
        """Half a byte a value that a layer has, as an encoding might take."""
        assert figure == "flash_bytes"
        taken = sum(
            0.5 * np.unique(file_integers(layer.weights[0], layer.kind)).size
            for layer in network.layers.values()
            if layer.weights
        )
        tried.append(taken)
        return float(taken)

    state = stage_on(bits("auto", flash_bytes=6), cost=flash, say=told.append)
    assert flash(state.network, "flash_bytes") <= 6
    assert tried[0] > 6
    assert 2 <= len(told) <= 7
    assert "above the limit of 6" in told[0]
    with pytest.raises(ConfigError, match=r"at most 1 bytes of flash cannot be met; the nearest"):
        stage_on(bits("auto", flash_bytes=1), cost=flash)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"bits": "auto"}, "needs one budget: mean_bits or flash_bytes"),
        ({"bits": "auto", "mean_bits": 4.0, "flash_bytes": 9}, "needs one budget"),
        ({"bits": 4, "mean_bits": 4.0}, "mean_bits goes with bits = 'auto' only"),
        ({"bits": "auto", "mean_bits": 4.0, "layer_bits": {"out": 2}}, "skip layers"),
        ({"bits": 9}, "bits"),
        ({"bits": "some"}, "bits"),
    ],
)
def test_options_that_do_not_fit_together(stage: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        recipe_of({"kind": "weight_bits", **stage})


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        (("cluster", "weight_bits"), "one grid or codebook"),
        (("weight_bits", "cluster"), "one grid or codebook"),
        (("weight_bits", "weight_bits"), "one grid or codebook"),
        (("weight_bits", "prune"), "keeps the zeros of prune"),
        (("weight_bits", "prune_channels"), "that it was tuned for"),
        (("qat", "weight_bits"), "must be the last training"),
    ],
)
def test_its_place_in_a_recipe(stages: tuple[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        recipe_of(*({"kind": kind} for kind in stages))


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(ConfigError, match="no layer is left to work on"):
        stage_on(bits(4, skip_types=["Dense"]))
    with pytest.raises(ConfigError, match="has layer_bits, and is left as it is"):
        stage_on(bits(4, skip=["out"], layer_bits={"out": 2}))
    with pytest.raises(ConfigError, match=r"mean_bits = 1.5 cannot be met"):
        stage_on(bits("auto", mean_bits=1.5))
    with pytest.raises(ConfigError, match="one bit has no room"):
        compress(classifier(), recipe_of(PRUNE, bits(1)), (X, CLASSES), export=exported)
    with pytest.raises(ConfigError, match=r"\(weight_bits\): flash_bytes is measured on a board"):
        compress(
            classifier(), recipe_of(bits("auto", flash_bytes=9)), (X, CLASSES), export=exported
        )


def test_a_finished_stage_is_taken_up_with_its_promise(tmp_path: Path) -> None:
    def go() -> CompressionResult:
        return compress(
            classifier(), recipe_of(bits(2), {"kind": "train", "fine_tune": {"epochs": 1}}),
            (X, CLASSES), export=exported, directory=tmp_path,
        )  # fmt: skip

    first, again = go(), go()
    assert first.tflite == again.tflite
    stored = json.loads((tmp_path / "stages" / "01-weight_bits" / "stage.json").read_text())
    assert stored["promises"]["gridded"]["out"] == {"bits": 2}
    assert recipe(bits(2))["stage"] == [bits(2)]
