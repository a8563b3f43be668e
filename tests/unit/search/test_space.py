"""The space of a search: what can be chosen, how users narrow it, and the recipe of a choice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import optuna
import pytest
from support.search.networks import small_network

from tinycompress.compression.run.draft import untrained
from tinycompress.compression.run.recipe import load_recipe
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import (
    compression_dimensions,
    compression_recipe,
    epochs_of_steps,
    smallest,
    starting_points,
    training_key,
)
from tinycompress.search.dimensions import (
    Dimension,
    Value,
    dimensions_from_json,
    dimensions_to_json,
    load_narrowing,
    narrowed,
)
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.recipe_text import recipe_toml

NETWORK = small_network()
FLASH = goal_of(flash_bytes=50_000)


def space(goal: Goal = FLASH, multiple: int = 4) -> tuple[Dimension, ...]:
    return compression_dimensions(NETWORK, goal, multiple, samples=1000)


def named(dimensions: tuple[Dimension, ...]) -> dict[str, Dimension]:
    return {one.name: one for one in dimensions}


def test_the_space_has_what_a_network_can_lose() -> None:
    found = named(space())
    assert (found["channels.stem"].low, found["channels.stem"].high) == (4, 16)
    assert (found["channels.point"].low, found["channels.point"].step) == (8, 4)
    assert "channels.out" not in found
    assert found["clusters.point"].choices == (256, 16, 4, 2)
    assert {"sparsity.point", "sparsity.out", "low_rank.energy", "order"} <= set(found)
    assert found["activations"].choices == ("int8", "int16")


def test_zeros_and_clusters_are_left_out_where_flash_does_not_count() -> None:
    found = named(space(goal_of(latency_us=1000.0, maximize="accuracy")))
    assert not [name for name in found if name.startswith(("sparsity.", "clusters."))]
    assert found["optimize"].choices == ("speed",)
    assert "channels.stem" in found


def test_channels_that_are_no_multiple_are_all_or_a_multiple() -> None:
    found = named(compression_dimensions(small_network((10, 18)), FLASH, 4, samples=1000))
    assert found["channels.stem"].choices == (4, 8, 10)
    assert found["channels.point"].choices == (8, 12, 16, 18)


def test_the_rate_falls_in_the_last_half_of_a_training_alone() -> None:
    chosen: dict[str, Value] = {"epochs": 8, "qat": False, "learning_rate": 1e-3}
    (*rungs, _) = compression_recipe(chosen, NETWORK, 0).stage
    told = [stage.model_dump()["fine_tune"] for stage in rungs]
    assert [(one["epochs"], one["decay"]) for one in told] == [
        (2, "none"), (2, "none"), (4, "cosine"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_every_choice_makes_a_recipe_that_can_be_written_and_read(
    seed: int, tmp_path: Path
) -> None:
    dimensions = space()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    recipe = compression_recipe({one.name: one.suggest(trial) for one in dimensions}, NETWORK, 3)
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_toml(recipe.model_dump(mode="json", by_alias=True), "trial-7"))
    read = load_recipe(path)
    assert read.name == "trial-7"
    assert read.stage == recipe.stage
    assert (read.seed, read.firmware, read.limits) == (recipe.seed, recipe.firmware, recipe.limits)


def test_what_is_chosen_is_what_the_recipe_does() -> None:
    chosen: dict[str, Value] = {
        "channels.stem": 12, "channels.point": 32, "sparsity.point": 0.6, "sparsity.out": 0.0,
        "clusters.point": 2, "clusters.stem": 16, "clusters.out": 256, "low_rank.energy": 0.9,
        "order": "low_rank", "epochs": 8, "qat": True, "distill.weight": 0.25,
        "fine_tuning": "last", "learning_rate": 1e-3, "optimize": "flash", "activations": "int8",
    }  # fmt: skip
    recipe = compression_recipe(chosen, NETWORK, 0)
    kinds = [stage.kind for stage in recipe.stage]
    assert kinds == ["low_rank", "prune_channels", "prune", "cluster", "train", "train", "train",
                     "qat", "convert"]  # fmt: skip
    told: dict[str, Any] = {stage.kind: stage.model_dump() for stage in recipe.stage}
    assert told["prune_channels"]["layer_ratio"] == {"stem": 0.25, "point": 0.0}
    assert told["prune"]["layer_sparsity"] == {"point": 0.6}
    assert told["prune"]["skip"] == ("stem", "out")
    # Two values have no room for the zeros of pruning.
    assert told["cluster"]["layer_clusters"] == {"stem": 16, "point": 3}
    assert told["cluster"]["skip"] == ("out",)
    tuned = [stage for stage in recipe.stage if stage.kind in ("train", "qat")]
    lengths = [stage.model_dump()["fine_tune"]["epochs"] for stage in tuned]
    assert sum(lengths) == 8
    assert told["qat"]["fine_tune"]["learning_rate"] == pytest.approx(1e-4)
    assert recipe.firmware.optimize == "flash"


def test_a_draft_has_the_shapes_and_no_training() -> None:
    (whole, *_, least) = starting_points(space())
    bare = untrained(compression_recipe(least, NETWORK, 0))
    assert [stage.kind for stage in bare.stage] == ["prune_channels", "prune", "cluster", "convert"]
    assert all(stage.fine_tune.epochs == 0 for stage in bare.steps)  # type: ignore[attr-defined]
    assert untrained(compression_recipe(whole, NETWORK, 0)).steps == ()


def test_firmware_alone_makes_no_other_training() -> None:
    point = smallest(space())
    one, other = (
        compression_recipe({**point, "optimize": aim}, NETWORK, 0) for aim in ("speed", "flash")
    )
    assert training_key(one) == training_key(other)
    longer = compression_recipe({**point, "epochs": 60}, NETWORK, 0)
    assert training_key(longer) != training_key(one)


def test_starting_points_are_in_the_space() -> None:
    dimensions = space()
    for point in (*starting_points(dimensions), smallest(dimensions)):
        for one in dimensions:
            assert one.nearest(point[one.name]) == point[one.name]
    assert smallest(dimensions)["channels.stem"] == 4


def test_few_samples_are_looked_at_more_often() -> None:
    assert [epochs_of_steps(3000, n) for n in (100, 10_000, 1_000_000)] == [64, 20, 8]


def test_a_table_narrows_by_name_and_by_pattern() -> None:
    table = {"channels.*": {"low": 8}, "channels.stem": 12, "clusters.*": [16, 4], "qat": True,
             "epochs": {"low": 2, "high": 500, "log": False}}  # fmt: skip
    found = named(narrowed(space(), table))
    assert found["channels.stem"].choices == (12,)
    assert found["channels.point"].low == 8
    assert found["clusters.out"].choices == (16, 4)
    assert found["qat"].choices == (True,)
    assert (found["epochs"].high, found["epochs"].log) == (500, False)
    assert dimensions_from_json(dimensions_to_json(found.values())) == tuple(found.values())


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"chanels.*": 4}, "chanels.*: no such parameter; did you mean 'channels."),
        ({"activations": "int4"}, "activations: 'int4'; allowed: 'int8', 'int16'"),
        ({"channels.stem": 99}, "channels.stem: 99; allowed: 1 to 16"),
        ({"channels.stem": 8.5}, "channels.stem: 8.5; allowed: a whole number"),
        ({"sparsity.*": 1.0}, "sparsity.*: 1.0; allowed: 0 to 0.99"),
        ({"clusters.*": 1}, "clusters.*: 1; allowed: 2 to 256"),
        ({"epochs": {"lo": 1}}, "epochs: unknown key 'lo'; did you mean 'low'?"),
        ({"epochs": {"low": 9, "high": 2}}, "epochs: low 9 is above high 2"),
        ({"qat": {"low": 0}}, "qat: it has values, not a range"),
        ({"epochs": []}, "epochs: no value; allowed: one or more"),
        ({"qat": 1}, "qat: 1; allowed: False, True"),
        ({"learning_rate": {"low": 0, "log": True}}, "learning_rate: 0; allowed: 1e-07 to 1"),
        ({"sparsity.*": {"low": 0.0, "log": True}}, "log goes with neither step nor a low of 0"),
        ({"epochs": {"step": 0}}, "epochs: step 0; allowed: a number above 0"),
        ({"epochs": True}, "epochs: True; allowed: a whole number"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(table: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        narrowed(space(), table)


def test_all_problems_of_a_table_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match="space has 2 problems"):
        narrowed(space(), {"nothing": 1, "epochs": "many"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[parameters]\nqat = true\n", "schema: None; allowed: 1"),
        ("schema = 1\n[parametres]\n", "did you mean 'parameters'?"),
        ("schema = 1\nparameters = 3\n", "parameters: 3; allowed: a table"),
        ("schema =", "no valid TOML"),
    ],
)
def test_a_file_that_is_no_space_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(why)):
        load_narrowing(path)
    with pytest.raises(ConfigError, match="no such file"):
        load_narrowing(tmp_path / "none.toml")
