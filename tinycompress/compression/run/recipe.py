"""Recipes: an ordered list of stages in TOML, checked as a whole before anything runs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError
from pydantic_core import PydanticKnownError

from tinycompress._files import names_a_file
from tinycompress.artifacts import Activations, Optimize
from tinycompress.compression.options import Options
from tinycompress.compression.run.order import order_problems
from tinycompress.compression.run.problems import describe
from tinycompress.compression.stages.convert import Convert
from tinycompress.compression.stages.options import StageOptions
from tinycompress.compression.stages.registry import find_stage, stage_kinds, stage_of
from tinycompress.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SHIPPED = Path(__file__).resolve().parent.parent / "recipes"
_LEAST_STAGE_DROP = 0.03
_LIST_HINT = "run `tinycompress recipes`, or give the path of your own .toml file"


class Limits(Options):
    """What the compressed model may lose.

    ``max_accuracy_drop``: share of the samples, int8 after the last stage against the float model
    before the first; 0.015 is one and a half points.

    ``max_stage_drop``: the same after a stage that others follow, where the better of float and
    int8 counts, since later stages train, too; None is `on_the_way`.
    """

    max_accuracy_drop: Annotated[float, Field(ge=0, le=1)] = 0.02
    max_stage_drop: Annotated[float, Field(ge=0, le=1)] | None = None

    @property
    def on_the_way(self) -> float:
        """What may be lost before the last stage: what is said, or thrice what may be at the end.

        At least three points: few samples of a small limit are no sign of anything.
        """
        if self.max_stage_drop is not None:
            return self.max_stage_drop
        return max(3 * self.max_accuracy_drop, _LEAST_STAGE_DROP)


class FirmwareOptions(Options):
    """What the firmware that every stage's file is measured in is built for, as in ``build``.

    With ``flash`` weights are encoded wherever that saves bytes for few cycles: only there do zeros
    and shared values show. With ``speed`` they are where that costs no cycles.
    """

    optimize: Optimize = "speed"


def _stage(value: object) -> StageOptions:
    """Validate one ``[[stage]]`` table by the options of the stage that its ``kind`` names."""
    if isinstance(value, StageOptions):
        return value
    if not isinstance(value, Mapping):
        raise PydanticKnownError("model_attributes_type")
    if "kind" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
    found = find_stage(value["kind"])
    if found is None:
        kinds = ", ".join(map(repr, stage_kinds()))
        raise PydanticKnownError(
            "union_tag_invalid",
            {"discriminator": "'kind'", "tag": str(value["kind"]), "expected_tags": kinds},
        )
    # Pydantic takes over where the problems lie that this raises.
    options: StageOptions = found.options.model_validate(value)
    return options


_Stage = Annotated[SerializeAsAny[StageOptions], BeforeValidator(_stage)]


class Recipe(Options):
    """A whole recipe; ``stage`` is in the order in which the stages run."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    description: Annotated[str, Field(min_length=1, max_length=200)]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    limits: Limits = Limits()
    firmware: FirmwareOptions = FirmwareOptions()
    stage: Annotated[tuple[_Stage, ...], Field(strict=False)]

    @property
    def conversion(self) -> Convert:
        """How integer files are made: the convert stage, or its defaults."""
        return next((s for s in self.stage if isinstance(s, Convert)), Convert())

    @property
    def steps(self) -> tuple[StageOptions, ...]:
        """The stages that change the model: all but convert."""
        return tuple(stage for stage in self.stage if stage_of(stage).run is not None)


def with_activations(recipe: Recipe, activations: Activations | None) -> Recipe:
    """The recipe with other activations in its files; None leaves those that it says.

    Raises:
        ConfigError: A stage trains for other activations.
    """
    if activations is None or activations == recipe.conversion.activations:
        return recipe
    convert = recipe.conversion.model_copy(update={"activations": activations})
    problems = order_problems([stage.model_dump() for stage in (*recipe.steps, convert)])
    if problems:
        raise ConfigError(
            f"recipe {recipe.name!r} cannot have {activations} activations: {'; '.join(problems)}",
            hint=_LIST_HINT,
        )
    return recipe.model_copy(update={"stage": (*recipe.steps, convert)})


def with_optimize(recipe: Recipe, optimize: Optimize | None) -> Recipe:
    """The recipe with firmware built for something else; None leaves what it says."""
    if optimize is None:
        return recipe
    return recipe.model_copy(update={"firmware": FirmwareOptions(optimize=optimize)})


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Load a shipped recipe by name, or a recipe file by path.

    Raises:
        ConfigError: Not found, unreadable, or with problems; all of them are listed.
    """
    text = str(name_or_path)
    if names_a_file(text):
        return _read(Path(text))
    shipped = _shipped()
    if text in shipped:
        return _read(shipped[text])
    close = difflib.get_close_matches(text, shipped, n=1)
    suggestion = (
        f"did you mean {close[0]!r}?" if close else f"shipped: {', '.join(sorted(shipped))}"
    )
    raise ConfigError(f"there is no recipe {text!r}; {suggestion}", hint=_LIST_HINT)


def recipe_names() -> tuple[str, ...]:
    """Names of all shipped recipes, in order."""
    return tuple(sorted(_shipped()))


def _shipped() -> dict[str, Path]:
    """Files of shipped recipes by name, in whatever folder."""
    return {path.stem: path for path in _SHIPPED.rglob("*.toml")}


def list_recipes() -> tuple[Recipe, ...]:
    """All shipped recipes, by name."""
    return tuple(_read(path) for _, path in sorted(_shipped().items()))


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
