"""Whether a recipe fits what it is to run on: the layers of the model, and the place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from tinycompress.compression.network.network import Network
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.stages.options import StageOptions
from tinycompress.compression.stages.registry import stage_of
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError


def require_layers(recipe: Recipe, network: Network) -> None:
    """Check every layer name and class that a recipe mentions against the model.

    Raises:
        ConfigError: Names or classes that the model does not have; all of them.
    """
    names = set(network.layers)
    kinds = {layer.kind for layer in network.layers.values()}
    problems = []
    for index, stage in enumerate(recipe.stage):
        found = [*_unknown(stage.layer_names(), names), *_unknown(stage.layer_types(), kinds)]
        problems += [f"stage[{index}].{problem}" for problem in found]
    if problems:
        raise ConfigError(
            "\n  - ".join((f"recipe {recipe.name!r} does not fit the model", *problems)),
            hint="model.summary() lists the layers",
        )


def _unknown(mentioned: Mapping[str, Iterable[str]], known: set[str]) -> Iterator[str]:
    for key, names in mentioned.items():
        for name in names:
            if name in known:
                continue
            close = difflib.get_close_matches(name, known, n=1)
            rest = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
            yield f"{key}: {name!r} is not in the model; {rest}"


def measures(step: StageOptions) -> bool:
    """Whether a stage needs figures of the board that the model is for."""
    return bool(stage_of(step).needs_board(step))


def require_measurable(recipe: Recipe, trainer: Trainer) -> None:
    """Refuse a stage that measures on a board where there is none, before anything runs.

    Raises:
        ConfigError: There is such a stage.
    """
    if trainer.cost is not None:
        return
    for index, step in enumerate(recipe.stage):
        if measures(step):
            raise ConfigError(
                f"stage[{index}] ({step.kind}): {stage_of(step).needs_board(step)} is measured on a"
                " board, and none is named",
                hint="name it: --board nano33",
            )
