"""A stage of one's own: what ARCHITECTURE.md says it takes is all that it takes.

`snap` declares its options, its place in a recipe and what it runs; one entry in the registry makes
it known. Parsing, ordering, messages, running, keeping and the documentation follow from that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import Field
from support.compression.classifier import CLASSES, X, classifier, exported, recipe

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.kernels import kernel_layers, with_kernel
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.run.fitting import require_layers, require_measurable
from tinycompress.compression.run.recipe import Recipe, parse_recipe
from tinycompress.compression.run.runner import compress
from tinycompress.compression.run.stages_table import BEGIN, END, with_stages_table
from tinycompress.compression.stages import registry
from tinycompress.compression.stages.base import StageSpec, State, Table, chosen
from tinycompress.compression.stages.options import LayerChoice, TrainedStage
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

# What its own file would hold, compression/stages/snap.py.


class Snap(TrainedStage, LayerChoice):
    """Every weight becomes a multiple of ``grid``."""

    kind: Literal["snap"] = "snap"
    grid: Annotated[float, Field(gt=0, le=1)] = 0.25
    target: Literal["error", "latency"] = "error"


def snap(state: State, options: Snap, trainer: Trainer) -> State:
    layers = chosen(kernel_layers(state.network), options)
    changed = [
        with_kernel(layer, np.round(layer.weights[0] / options.grid) * options.grid)
        for layer in layers
    ]
    return State(state.network.with_layers(changed), state.promises, (f"{len(layers)} snapped",))


def is_finer(tables: Sequence[Table], index: int) -> str:
    grids = [table.get("grid", 0.25) for table in tables[:index] if table["kind"] == "snap"]
    finer = grids and tables[index].get("grid", 0.25) < max(grids)
    return "the grid is finer than that of an earlier stage" if finer else ""


SPEC = StageSpec(
    Snap,
    summary="rounds weights to a grid",
    run=snap,
    saves="flash",
    promises="multiples of the grid",
    precedes={"cluster": "snapping would merge the clusters"},
    follows={"prune": "small weights are on the grid already"},
    conflict=is_finer,
    needs_board=lambda options: "target = 'latency'" if options.target == "latency" else "",
    takes_untrained=True,
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "STAGES", {**registry.STAGES, "snap": SPEC})


SNAP = {"kind": "snap", "grid": 0.5}


def parsed(*stages: dict[str, Any]) -> Recipe:
    return parse_recipe(recipe(*stages))


def problem(*stages: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed(*stages)
    return str(caught.value)


def test_its_options_are_read_and_written() -> None:
    stage = parsed({**SNAP, "skip": ["out"]}, {"kind": "convert"}).steps[0]
    assert isinstance(stage, Snap)
    assert (stage.grid, stage.skip, stage.fine_tune.epochs) == (0.5, ("out",), 2)
    dumped = parsed(SNAP).model_dump(mode="json", by_alias=True)
    assert dumped["stage"][0]["grid"] == 0.5
    assert parse_recipe(dumped) == parsed(SNAP)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"kind": "snpa"}, "stage[0]: unknown kind 'snpa'; did you mean 'snap'?"),
        ({"kind": "zzz"}, "prune, prune_channels, qat, snap, split_outliers, train"),
        ({"kind": "snap", "gird": 1.0}, "stage[0].gird: unknown key; did you mean 'grid'?"),
        ({"kind": "snap", "grid": 0.0}, "stage[0].grid: 0.0: input must be greater than 0"),
        (
            {"kind": "snap", "fine_tune": {"epoch": 1}},
            "stage[0].fine_tune.epoch: unknown key; did you mean 'epochs'?",
        ),
    ],
)
def test_bad_options_get_the_usual_messages(stage: dict[str, Any], words: str) -> None:
    assert words in problem(stage)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (("cluster", "snap"), "stage[1] (snap): after cluster; snapping would merge the clusters"),
        (("snap", "prune"), "stage[1] (prune): after snap; small weights are on the grid already"),
        (("qat", "snap"), "stage[1] (snap): after qat; qat trains for the int8 grid"),
        (("convert", "snap"), "stage[1] (snap): after convert; convert must be the last stage"),
    ],
)
def test_its_place_in_a_recipe_is_kept(kinds: tuple[str, str], words: str) -> None:
    assert words in problem(*({"kind": kind} for kind in kinds))
    parsed({"kind": "prune"}, {"kind": "snap"}, {"kind": "cluster"}, {"kind": "qat"})


def test_its_own_rule_sees_the_stages_before() -> None:
    parsed(SNAP, SNAP)
    assert "stage[1] (snap): the grid is finer than that" in problem(SNAP, {"kind": "snap"})


def network() -> Network:
    dense = Layer("fc", "Dense", {"units": 2}, (np.array([[0.3, 0.9], [-0.8, 0.1]], np.float32),))
    return Network("m", (Input("x", (2,), 0),), {"fc": dense}, (Call("fc", (0,), 1, (2,)),), (1,))


def test_the_model_and_the_place_are_checked_for_it() -> None:
    require_layers(parsed({**SNAP, "skip": ["fc"]}), network())
    with pytest.raises(ConfigError, match=r"stage\[0\].skip: 'fd' is not in the model; known: fc"):
        require_layers(parsed({**SNAP, "skip": ["fd"]}), network())
    nothing = Data((np.zeros((0, 2), np.float32),), (np.zeros(0, np.int64),))
    without_board = Trainer(nothing, nothing, ())
    require_measurable(parsed(SNAP), without_board)
    with pytest.raises(ConfigError, match=r"\(snap\): target = 'latency' is measured on a board"):
        require_measurable(parsed({**SNAP, "target": "latency"}), without_board)
    assert registry.kinds_for_untrained() == ("snap", "train")


def test_the_documentation_names_it() -> None:
    cells = "`snap`", SPEC.summary, SPEC.saves, SPEC.promises, "`cluster`, `qat`, `convert`"
    page = with_stages_table(f"above\n{BEGIN}old\n{END}below\n")
    assert f"| {' | '.join(cells)} |" in page.splitlines()
    assert page.startswith(f"above\n{BEGIN}|")
    assert page.endswith(f"|\n{END}below\n")
    assert "old" not in page


@pytest.mark.tf
def test_a_recipe_runs_it_and_keeps_it(tmp_path: Path) -> None:
    given = parsed({**SNAP, "skip": ["out"]}, {"kind": "convert", "calibration_samples": 100})
    result = compress(classifier(), given, (X, CLASSES), export=exported, directory=tmp_path)
    assert [row.stage for row in result.rows] == ["original", "snap"]
    assert "1 snapped" in result.rows[1].notes
    before, after = classifier().get_weights()[0], result.model.get_weights()[0]
    np.testing.assert_array_equal(after, np.round(before / 0.5) * 0.5)
    assert not np.array_equal(after, before)
    facts = json.loads((tmp_path / "result" / "report.json").read_text())
    assert facts["recipe"]["stage"][0]["grid"] == 0.5
    assert (tmp_path / "stages" / "01-snap" / "model.tflite").read_bytes() == result.tflite
