"""What the stages declare fits together, and the documentation has all of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tinycompress.compression.options import Options
from tinycompress.compression.stages.base import StageSpec
from tinycompress.compression.stages.options import StageOptions, TrainedStage
from tinycompress.compression.stages.registry import STAGES
from tinycompress.compression.training.options import Distill, FineTune

PAGE = (Path(__file__).parents[3] / "docs" / "compression.md").read_text(encoding="utf-8")
EVERY = pytest.mark.parametrize("spec", STAGES.values(), ids=list(STAGES))


@EVERY
def test_a_stage_is_made_by_its_own_name(spec: StageSpec[Any]) -> None:
    assert re.fullmatch(r"[a-z_]+", spec.kind)
    assert spec.options().kind == spec.kind
    assert spec.summary


@EVERY
def test_rules_name_stages_that_there_are(spec: StageSpec[Any]) -> None:
    assert {*spec.precedes, *spec.follows} <= set(STAGES)


@EVERY
def test_every_key_of_a_stage_is_documented(spec: StageSpec[Any]) -> None:
    (row,) = re.findall(rf"^\| `{spec.kind}` \| ([^|]*) \|$", PAGE, re.MULTILINE)
    common = TrainedStage if issubclass(spec.options, TrainedStage) else StageOptions
    own = set(spec.options.model_fields) - set(common.model_fields)
    assert own <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize(("table", "options"), [("fine_tune", FineTune), ("distill", Distill)])
def test_every_key_of_the_training_is_documented(table: str, options: type[Options]) -> None:
    documented = set(re.findall(rf"^\| `{table}\.(\w+)` \|", PAGE, re.MULTILINE))
    assert documented == set(options.model_fields)
