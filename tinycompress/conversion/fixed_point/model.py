"""A model of QKeras or HGQ2 layers on its way to an int8 file: frozen twice, with its integers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.fixed_point.chains import refuse_rows, without_fakes
from tinycompress.conversion.fixed_point.file_weights import Exact, with_trained_integers
from tinycompress.conversion.fixed_point.grids import Grid, GridWeights
from tinycompress.conversion.fixed_point.planning import plan_of
from tinycompress.conversion.fixed_point.tracing import without_quantizers
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.frozen_files import read_graph, write_graph
from tinycompress.conversion.load import SourceModel
from tinycompress.conversion.options import ConvertOptions
from tinycompress.conversion.quantize import to_floats
from tinycompress.errors import ConfigError

_JSON, _ARRAYS, _GRAPH = "fixed_point.json", "fixed_point.npz", "reference"


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """What an int8 file of a model must hold, and the model as it was trained.

    Attributes:
        weights: The integers of its layers.
        grids: Of its activations, each once.
        reference: The model with its own quantisers, which the file is judged by.
    """

    weights: tuple[GridWeights, ...]
    grids: tuple[Grid, ...]
    reference: FrozenGraph


def frozen_fixed_point(
    source: SourceModel, freeze: Callable[[], FrozenGraph], options: ConvertOptions
) -> tuple[FrozenGraph, FixedPoint | None]:
    """Freeze a model; one of QKeras or HGQ2 layers with FakeQuant for its quantisers.

    Args:
        source: The model.
        freeze: Freezes it as it is at that time.
        options: How it is converted.

    Returns:
        The graph that is converted; None beside it for a model of other layers.

    Raises:
        ConfigError: Options that such a model's own integers exclude.
        ModelError: A quantiser has no exact form on int8; or the model cannot be traced.
    """
    plan = plan_of(source)
    frozen = freeze()
    if plan is None:
        return frozen, None
    _require_options(source.name, options)
    with without_quantizers(plan):
        made = freeze()
    refuse_rows(source.name, made.graph_def)
    return made, FixedPoint(tuple(plan.weights), plan.grids, frozen)


def exact_file(tflite: bytes, frozen: FrozenGraph, fixed: FixedPoint, exact_to: ExactTo) -> Exact:
    """The converter's int8 file of a model with the integers that the model was trained on.

    Args:
        tflite: The converter's file.
        frozen: The graph that it was made of.
        fixed: The model's integers.
        exact_to: Runtime whose rounding is made up for.

    Raises:
        ModelError: The converter changed what it had to keep.
    """
    floats = to_floats(replace(frozen, graph_def=without_fakes(frozen.graph_def)))
    return with_trained_integers(tflite, floats, fixed.weights, fixed.grids, exact_to)


def _require_options(name: str, options: ConvertOptions) -> None:
    named = {
        "activations='int16'": options.activations == "int16",
        "weights='int4'": options.weights == "int4",
        "per_tensor_weights": options.per_tensor_weights,
        "a calibrator or symmetric_activations": options.chooses_ranges,
    }
    asked = [option for option, is_asked in named.items() if is_asked]
    if asked:
        raise ConfigError(
            f"{name} was trained on fixed-point numbers and keeps its own integers: not beside"
            f" {' and '.join(asked)}",
            hint="leave these options out",
        )


def write(directory: Path, fixed: FixedPoint | None) -> None:
    """Leave it in a directory for another process; nothing for None."""
    if fixed is None:
        return
    told = {
        "layers": [one.layer for one in fixed.weights],
        "grids": [asdict(grid) for grid in fixed.grids],
    }
    (directory / _JSON).write_text(json.dumps(told), encoding="utf-8")
    write_graph(directory, _GRAPH, fixed.reference)
    arrays: dict[str, Any] = {}
    for i, one in enumerate(fixed.weights):
        arrays |= {f"integers{i}": one.integers, f"steps{i}": one.steps}
    np.savez(directory / _ARRAYS, **arrays)


def read(directory: Path) -> FixedPoint | None:
    """What `write` has left in a directory."""
    if not (directory / _JSON).is_file():
        return None
    told = json.loads((directory / _JSON).read_text(encoding="utf-8"))
    with np.load(directory / _ARRAYS, allow_pickle=False) as arrays:
        weights = tuple(
            GridWeights(layer, arrays[f"integers{i}"], arrays[f"steps{i}"])
            for i, layer in enumerate(told["layers"])
        )
    grids = tuple(Grid(**grid) for grid in told["grids"])
    return FixedPoint(weights, grids, read_graph(directory, _GRAPH))
