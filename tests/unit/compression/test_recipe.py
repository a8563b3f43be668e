"""Recipes: the shipped ones are right, and wrong ones are told every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.run.fitting import require_layers
from tinycompress.compression.run.recipe import (
    list_recipes,
    load_recipe,
    parse_recipe,
    with_activations,
    with_optimize,
)
from tinycompress.compression.stages.registry import stage_kinds
from tinycompress.errors import ConfigError


def table(*stages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": 1, "name": "mine", "description": "d", "stage": list(stages), **more}


def problem(*stages: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_recipe(table(*stages, **more))
    return str(caught.value)


def test_shipped_recipes() -> None:
    names = [recipe.name for recipe in list_recipes()]
    assert names == sorted(names)
    assert set(names) >= {
        "prune50", "pqat", "cluster16", "pcqat", "channels50-distill", "tiny", "deep", "ternary",
        "binary",
    }  # fmt: skip
    for name in names:
        assert load_recipe(name).name == name


def test_recipes_that_aim_at_flash_are_measured_with_weights_encoded() -> None:
    aims = {recipe.name: recipe.firmware.optimize for recipe in list_recipes()}
    shared = {
        recipe.name
        for recipe in list_recipes()
        if any(
            getattr(stage, "shared", False)
            or getattr(stage, "rewind", False)
            or stage.kind == "weight_bits"
            for stage in recipe.stage
        )
    }
    assert {name for name, aim in aims.items() if aim == "flash"} == shared
    assert shared == {"deep", "ternary", "ternary-trained", "binary", "binary-connect", "tiny",
                      "int4", "mixed", "tickets", "rewound"}  # fmt: skip


def test_what_the_firmware_is_built_for_is_said_or_given() -> None:
    recipe = parse_recipe(table({"kind": "prune"}))
    assert recipe.firmware.optimize == "speed"
    said = parse_recipe(table({"kind": "prune"}, firmware={"optimize": "flash"}))
    assert with_optimize(said, None) is said
    assert with_optimize(said, "ram").firmware.optimize == "ram"
    assert with_optimize(recipe, "flash") == said
    text = problem({"kind": "prune"}, firmware={"optimise": "flash"})
    assert "firmware.optimise: unknown key; did you mean 'optimize'?" in text
    text = problem({"kind": "prune"}, firmware={"optimize": "size"})
    assert "firmware.optimize: 'size': input must be 'speed', 'ram' or 'flash'" in text


def test_stages_get_defaults_and_are_frozen() -> None:
    recipe = parse_recipe(table({"kind": "prune"}, {"kind": "convert", "seed": 3}))
    assert recipe.steps[0].kind == "prune"
    assert recipe.conversion.seed == 3
    with pytest.raises(Exception, match="frozen"):
        recipe.name = "other"


def test_all_problems_at_once_with_suggestions() -> None:
    text = problem(
        {"kind": "prune", "sparsty": 0.5, "fine_tune": {"epochs": -1}},
        {"kind": "clutser"},
        {"kind": "cluster", "clusters": 1, "distill": {"temprature": 2.0}},
        limits={"max_accuracy_drop": 2.0},
    )
    assert "6 problems" in text
    assert "stage[0].sparsty: unknown key; did you mean 'sparsity'?" in text
    assert "stage[0].fine_tune.epochs: -1: input must be greater than or equal to 0" in text
    assert "stage[1]: unknown kind 'clutser'; did you mean 'cluster'?" in text
    assert "stage[2].clusters: 1: input must be greater than or equal to 2" in text
    assert "stage[2].distill.temprature: unknown key; did you mean 'temperature'?" in text
    assert "limits.max_accuracy_drop: 2.0" in text


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"kind": "prune", "sparsity": 1.0}, "stage[0].sparsity: 1.0: input must be less than 1"),
        ({"kind": "prune", "sparsity": "0.5"}, "stage[0].sparsity: '0.5': input must be a valid"),
        ({"kind": "prune", "initial_sparsity": 0.9}, "initial_sparsity 0.9 is above sparsity 0.5"),
        ({"kind": "prune", "m_by_n": [4, 4]}, "m_by_n [4, 4] leaves no weight"),
        ({"kind": "prune", "m_by_n": [2, 4], "sparsity": 0.75}, "is a sparsity of 0.5, not 0.75"),
        ({"kind": "prune", "block_size": [4, 1], "scope": "global"}, "does not go with scope"),
        ({"kind": "cluster", "clusters": 257}, "less than or equal to 256"),
        ({"kind": "low_rank", "energy": 0.9, "rank_ratio": 0.5}, "exclude each other"),
        ({"kind": "prune_channels", "slim_epochs": 2}, "goes with importance = 'bn_gamma'"),
        ({"kind": "qat", "fine_tune": {"learning_rate": 0.0}}, "must be greater than 0"),
        ({}, "'kind' is missing"),
        ({"kind": "convert"}, "only convert, which compresses nothing"),
    ],
)
def test_values_out_of_range(stage: dict[str, Any], words: str) -> None:
    assert words in problem(stage)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (("qat", "prune"), "stage[1] (prune): after qat; qat trains for the int8 grid"),
        (("qat", "qat"), "must be the last training"),
        (("convert", "prune"), "convert must be the last stage"),
        (("cluster", "prune"), "pruning would break the clusters"),
        (("cluster", "cluster"), "one grid or codebook"),
        (("prune", "prune_channels"), "taking channels away changes the share of zeros"),
        (("cluster", "low_rank"), "neither"),
    ],
)
def test_nonsensical_order_is_refused(kinds: tuple[str, ...], words: str) -> None:
    assert words in problem(*({"kind": kind} for kind in kinds))


def test_order_that_undoes_pruning_is_refused() -> None:
    text = problem({"kind": "prune"}, {"kind": "cluster", "keep_sparsity": False})
    assert "would undo the pruning" in text
    text = problem({"kind": "prune", "sparsity": 0.8}, {"kind": "prune", "sparsity": 0.5})
    assert "zeros do not come back" in text


def test_empty_and_wrong_header() -> None:
    assert "stage: " in problem()
    text = problem({"kind": "qat"}, schema=2, nmae="x")
    assert "schema: 2" in text
    assert "nmae: unknown key; did you mean 'name'?" in text


def test_recipe_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'pcqat'"):
        load_recipe("pcqatt")
    with pytest.raises(ConfigError, match="no recipe file"):
        load_recipe(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ")
    with pytest.raises(ConfigError, match="no valid TOML"):
        load_recipe(broken)


def test_layers_that_do_not_exist_are_named() -> None:
    dense = Layer("fc1", "Dense", {"units": 2}, (np.zeros((3, 2), np.float32),))
    network = Network(
        "m", (Input("x", (3,), 0),), {"fc1": dense}, (Call("fc1", (0,), 1, (2,)),), (1,)
    )
    require_layers(parse_recipe(table({"kind": "prune", "skip": ["fc1"]})), network)
    recipe = parse_recipe(table({"kind": "prune", "skip": ["fc2"], "skip_types": ["Conv2D"]}))
    with pytest.raises(ConfigError) as caught:
        require_layers(recipe, network)
    assert "stage[0].skip: 'fc2' is not in the model; did you mean 'fc1'?" in str(caught.value)
    assert "stage[0].skip_types: 'Conv2D' is not in the model" in str(caught.value)


def test_every_kind_is_listed() -> None:
    assert stage_kinds() == (
        "adaround", "cluster", "convert", "correct_bias", "equalize", "low_rank", "prune",
        "prune_channels", "qat", "split_outliers", "train", "weight_bits",
    )  # fmt: skip


def test_int16_after_training_for_int8_is_refused() -> None:
    text = problem({"kind": "qat"}, {"kind": "convert", "activations": "int16"})
    assert "stage[0] (qat): trains for int8 activations" in text
    with pytest.raises(ConfigError, match="cannot have int16 activations"):
        with_activations(load_recipe("pqat"), "int16")


def test_activations_of_a_recipe_are_replaced() -> None:
    recipe = parse_recipe(table({"kind": "prune"}, {"kind": "convert", "seed": 3}))
    assert with_activations(recipe, None) is recipe
    assert with_activations(recipe, "int8") is recipe
    wide = with_activations(recipe, "int16")
    assert (wide.conversion.activations, wide.conversion.seed) == ("int16", 3)
    assert wide.steps == recipe.steps
    without = with_activations(parse_recipe(table({"kind": "prune"})), "int16")
    assert without.conversion.activations == "int16"


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        (
            [{"kind": "train"}, {"kind": "convert", "calibrator": "entropy"}],
            "stage[1].calibrator: 'entropy': must be one of minmax, percentile",
        ),
        (
            [{"kind": "train"}, {"kind": "convert", "calibrator": "kl", "activations": "int16"}],
            "calibrator: for int8 activations",
        ),
        (
            [{"kind": "qat"}, {"kind": "convert", "symmetric_activations": True}],
            "symmetric_activations: qat trains for scales of its own",
        ),
        (
            [{"kind": "weight_bits"}, {"kind": "convert", "per_tensor_weights": True}],
            "per_tensor_weights: weight_bits fits its integers to a scale for every channel",
        ),
        (
            [{"kind": "adaround", "bits": 4}, {"kind": "convert", "per_tensor_weights": True}],
            "per_tensor_weights: adaround fits its integers to a scale for every channel",
        ),
        ([{"kind": "cluster"}, {"kind": "equalize"}], "(equalize): after cluster"),
        ([{"kind": "adaround"}, {"kind": "correct_bias"}], "(correct_bias): after adaround"),
        ([{"kind": "adaround"}, {"kind": "prune"}], "the integers of the file are settled"),
        ([{"kind": "correct_bias"}, {"kind": "qat"}], "the integers of the file are settled"),
        ([{"kind": "prune"}, {"kind": "split_outliers"}], "(split_outliers): after prune"),
    ],
)
def test_what_goes_before_rounding_has_its_place(stages: list[dict[str, Any]], words: str) -> None:
    assert words in problem(*stages)


def test_what_goes_before_rounding_goes_together() -> None:
    convert = {"kind": "convert", "calibrator": "auto", "per_tensor_weights": True}
    parse_recipe(
        table(
            {"kind": "prune"}, {"kind": "equalize"}, {"kind": "adaround"}, {"kind": "train"},
            convert,
        )
    )  # fmt: skip
    parse_recipe(
        table({"kind": "equalize"}, {"kind": "split_outliers"}, {"kind": "correct_bias"}, convert)
    )
