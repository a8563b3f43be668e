"""What a recipe can say of distillation and schemes, and what is refused before anything runs."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tinycompress.compression.distillation import methods
from tinycompress.compression.distillation.base import FeatureLoss, OutputLoss
from tinycompress.compression.distillation.shapes import (
    anything,
    maps,
    maps_of_equal_channels,
    neighbours,
    positions,
)
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.schemes.options import KEYS, SchemeName
from tinycompress.compression.schemes.registry import SCHEMES
from tinycompress.compression.training.options import Distill
from tinycompress.errors import ConfigError


def parsed(stage: dict[str, Any]) -> Any:
    table = {"schema": 1, "name": "mine", "description": "d", "stage": [{"kind": "train", **stage}]}
    return parse_recipe(table).steps[0]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"distill": {"method": "atention"}}, "no method 'atention'; did you mean 'attention'?"),
        ({"distill": {"pairs": [["a", "b"]]}}, "pairs goes with a method that compares features"),
        ({"distill": {"method": "hints", "outputs": "sofft"}}, "did you mean 'soft'?"),
        ({"distill": {"method": "fsp", "pairs": [["a", "b"]]}}, "needs 2 or more pairs"),
        ({"distill": {"method": "hints", "pairs": [["a"]]}}, "distill.pairs[0]"),
        ({"distill": {"method": "hints", "pairs": []}}, "needs 1 or more pairs"),
        ({"distill": {"method": "attention", "weight": 1.0}}, "teaches the outputs nothing"),
        ({"distill": {"method": "hints", "feature_epochs": 2}}, "leaves none of 2 epochs"),
        ({"scheme": "mutal"}, "scheme: 'mutal'"),
        ({"scheme": "mutual", "generations": 3}, "generations goes with scheme = 'born_again' or"),
        ({"ensemble": True}, "ensemble goes with scheme = 'born_again'"),
        ({"fresh": True, "fine_tune": {"epochs": 0}}, "no epoch of fine_tune trains them"),
        ({"scheme": "refinery", "fine_tune": {"epochs": 0}}, "no epoch of fine_tune trains them"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(stage: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(stage)
    assert words in str(caught.value)


def test_a_method_is_of_outputs_or_brings_what_its_paper_does() -> None:
    assert isinstance(Distill().of_outputs, OutputLoss)
    hints = parsed({"distill": {"method": "hints", "pairs": [["conv3", "conv2"]]}}).distill
    assert hints.pairs == (("conv3", "conv2"),)
    assert isinstance(hints.features, FeatureLoss)
    assert hints.of_outputs is methods.METHODS["soft"]
    assert (hints.alone_for(7), hints.alone_for(1)) == (3, 0)
    attention = Distill(method="attention")
    assert attention.of_outputs is None
    assert attention.alone_for(9) == 0
    assert Distill(method="attention", outputs="logits").of_outputs is methods.METHODS["logits"]
    assert Distill(method="attention", feature_epochs=4).alone_for(9) == 4
    assert Distill(method="hints", outputs="none").of_outputs is None


def test_every_scheme_has_its_name_and_its_keys() -> None:
    assert set(SCHEMES) == set(get_args(SchemeName)) == set(KEYS)


def test_shapes_that_can_be_laid_over_each_other() -> None:
    assert anything((4, 4, 8), (3,)) == ""
    assert positions((8, 8, 4), (4, 8, 16)) == ""
    assert positions((16,), (3,)) == ""
    assert "8 x 8 positions cannot be laid over 5 x 8 positions" in positions((8, 8, 4), (5, 8, 4))
    assert "a layer without positions" in positions((8, 8, 4), (32,))
    assert positions((8, 4, 1), (4, 8, 1)) != ""
    assert "channels alone" in maps((8,), (8,))
    assert "4 channels against 16" in maps_of_equal_channels((8, 4), (8, 16))
    assert neighbours([((8, 4), (8, 4)), ((4, 6), (8, 6))]) == ""
    assert "of the teacher" in neighbours([((8, 4), (8, 4)), ((5, 6), (8, 6))])
