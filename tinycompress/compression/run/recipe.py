"""Recipes: an ordered list of stages in TOML, checked as a whole before anything runs."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field, ValidationError

from tinycompress.artifacts import Activations
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.options import Convert, LayerChoice, Options, Stage
from tinycompress.compression.run.problems import describe
from tinycompress.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SHIPPED = Path(__file__).resolve().parent.parent / "recipes"
_LIST_HINT = "run `tinycompress recipes`, or give the path of your own .toml file"


class Limits(Options):
    """What the compressed model may lose.

    ``max_accuracy_drop``: share of the samples, int8 after the last stage against the float model
    before the first; 0.015 is one and a half points.
    """

    max_accuracy_drop: Annotated[float, Field(ge=0, le=1)] = 0.02


class Recipe(Options):
    """A whole recipe; ``stage`` is in the order in which the stages run."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    description: Annotated[str, Field(min_length=1, max_length=200)]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    limits: Limits = Limits()
    stage: Annotated[tuple[Stage, ...], Field(strict=False)]

    @property
    def conversion(self) -> Convert:
        """How integer files are made: the convert stage, or its defaults."""
        return next((s for s in self.stage if isinstance(s, Convert)), Convert())

    @property
    def steps(self) -> tuple[Stage, ...]:
        """The stages that change the model: all but convert."""
        return tuple(stage for stage in self.stage if not isinstance(stage, Convert))


def with_activations(recipe: Recipe, activations: Activations | None) -> Recipe:
    """The recipe with other activations in its files; None leaves those that it says.

    Raises:
        ConfigError: A stage trains for other activations.
    """
    if activations is None or activations == recipe.conversion.activations:
        return recipe
    convert = recipe.conversion.model_copy(update={"activations": activations})
    problems = _activation_problems([stage.model_dump() for stage in (*recipe.steps, convert)])
    if problems:
        raise ConfigError(
            f"recipe {recipe.name!r} cannot have {activations} activations: {'; '.join(problems)}",
            hint=_LIST_HINT,
        )
    return recipe.model_copy(update={"stage": (*recipe.steps, convert)})


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Load a shipped recipe by name, or a recipe file by path.

    Raises:
        ConfigError: Not found, unreadable, or with problems; all of them are listed.
    """
    text = str(name_or_path)
    if text.lower().endswith(".toml") or os.sep in text:
        return _read(Path(text))
    shipped = {path.stem: path for path in _SHIPPED.glob("*.toml")}
    if text in shipped:
        return _read(shipped[text])
    close = difflib.get_close_matches(text, shipped, n=1)
    suggestion = (
        f"did you mean {close[0]!r}?" if close else f"shipped: {', '.join(sorted(shipped))}"
    )
    raise ConfigError(f"there is no recipe {text!r}; {suggestion}", hint=_LIST_HINT)


def list_recipes() -> tuple[Recipe, ...]:
    """All shipped recipes, by name."""
    return tuple(_read(path) for path in sorted(_SHIPPED.glob("*.toml")))


def parse_recipe(table: dict[str, Any], *, source: str = "recipe") -> Recipe:
    """Validate a recipe that is already parsed from TOML.

    Args:
        table: Tables as `tomllib` makes them.
        source: Name of the recipe for the message.

    Raises:
        ConfigError: All problems at once, those of the order of stages included.
    """
    problems: list[str] = []
    recipe = None
    try:
        recipe = Recipe.model_validate(table)
    except ValidationError as error:
        problems += [
            describe(problem, table, Recipe) for problem in error.errors(include_url=False)
        ]
    stages = table.get("stage")
    if isinstance(stages, list):
        problems += order_problems([s for s in stages if isinstance(s, dict)])
    if problems or recipe is None:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ConfigError(
            "\n  - ".join((f"{source} has {count}", *problems)),
            hint="docs/compression.md lists every key with its range",
        )
    return recipe


_BEFORE: dict[str, tuple[tuple[str, ...], str]] = {
    "prune_channels": (
        ("prune", "cluster"),
        "taking channels away changes the share of zeros and the clusters that it was tuned for",
    ),
    "low_rank": (
        ("prune", "cluster"),
        "the factors of a pruned or clustered kernel are neither",
    ),
    "prune": (("cluster",), "pruning would break the clusters; cluster keeps the zeros of prune"),
    "cluster": (("cluster",), "the model is clustered already; set clusters in one stage"),
}
"""Stages that must not have run before one, and why."""


def order_problems(stages: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the order of stages; each entry has at least a ``kind``."""
    problems = []
    kinds = [str(stage.get("kind")) for stage in stages]
    if not kinds:
        problems.append("stage: no stages; allowed: one or more [[stage]] tables")
    elif set(kinds) == {"convert"}:
        problems.append("stage: only convert, which compresses nothing; add a stage before it")
    for index, kind in enumerate(kinds):
        earlier = kinds[:index]
        place = f"stage[{index}] ({kind})"
        if "convert" in earlier:
            problems.append(f"{place}: after convert; convert must be the last stage")
        elif "qat" in earlier and kind != "convert":
            problems.append(
                f"{place}: after qat; qat trains for the int8 grid and must be the last training"
            )
        forbidden, why = _BEFORE.get(kind, ((), ""))
        problems += [f"{place}: after {other}; {why}" for other in forbidden if other in earlier]
    return (
        problems
        + _prune_problems(stages)
        + _cluster_problems(stages)
        + _activation_problems(stages)
    )


def _activation_problems(stages: list[dict[str, Any]]) -> list[str]:
    wide = any(
        stage.get("kind") == "convert" and stage.get("activations") == "int16" for stage in stages
    )
    return [
        f"stage[{index}] (qat): trains for int8 activations; with int16 leave qat out: they need"
        " no training"
        for index, stage in enumerate(stages)
        if wide and stage.get("kind") == "qat"
    ]


def _prune_problems(stages: list[dict[str, Any]]) -> list[str]:
    problems, reached = [], 0.0
    for index, stage in enumerate(stages):
        sparsity = stage.get("sparsity", 0.5)
        if stage.get("kind") != "prune" or not isinstance(sparsity, (int, float)):
            continue
        if stage.get("m_by_n") is None and sparsity < reached:
            problems.append(
                f"stage[{index}] (prune): sparsity {sparsity:g} is below the {reached:g} that an"
                " earlier stage made; zeros do not come back"
            )
        reached = max(reached, float(sparsity))
    return problems


def _cluster_problems(stages: list[dict[str, Any]]) -> list[str]:
    pruned, problems = False, []
    for index, stage in enumerate(stages):
        pruned = pruned or stage.get("kind") == "prune"
        if pruned and stage.get("kind") == "cluster" and stage.get("keep_sparsity") is False:
            problems.append(
                f"stage[{index}] (cluster): keep_sparsity = false after prune would undo the"
                " pruning; leave it out"
            )
    return problems


def require_layers(recipe: Recipe, network: Network) -> None:
    """Check every layer name and class that a recipe mentions against the model.

    Raises:
        ConfigError: Names or classes that the model does not have; all of them.
    """
    names = set(network.layers)
    kinds = {layer.kind for layer in network.layers.values()}
    problems = []
    for index, stage in enumerate(recipe.stage):
        if not isinstance(stage, LayerChoice):
            continue
        for key, mentioned, known in (
            ("skip", stage.skip, names),
            ("skip_types", stage.skip_types, kinds),
            ("layer_sparsity", getattr(stage, "layer_sparsity", ()), names),
        ):
            for name in mentioned:
                if name in known:
                    continue
                close = difflib.get_close_matches(name, known, n=1)
                rest = (
                    f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
                )
                problems.append(f"stage[{index}].{key}: {name!r} is not in the model; {rest}")
    if problems:
        raise ConfigError(
            "\n  - ".join((f"recipe {recipe.name!r} does not fit the model", *problems)),
            hint="model.summary() lists the layers",
        )


def stage_kinds() -> tuple[str, ...]:
    """The kinds of stages, sorted."""
    union = get_args(Stage)[0]
    return tuple(sorted(str(cls.model_fields["kind"].default) for cls in get_args(union)))


def _read(path: Path) -> Recipe:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no recipe file {path}", hint=_LIST_HINT) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from error
    return parse_recipe(table, source=f"recipe {path}")
