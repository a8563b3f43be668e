"""What measured sensitivities say of a space: how its layers are compressed for the least harm.

The divergence that each layer's zeros and clusters cause alone (`compression.sensitivity`) is known
before any trial. An integer programme spreads a budget of bits, or of zeros, over the layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tinycompress.compression.data.prepare import read_data
from tinycompress.compression.sensitivity import (
    Change,
    SensitivityOptions,
    SensitivityTable,
    measure_sensitivity,
)
from tinycompress.compression.sensitivity.bits import Measure, choose_changes
from tinycompress.compression.sensitivity.measure import SPARSITIES
from tinycompress.search.compression_space import CLUSTERS, SPARSITY, WHOLE, starting_points
from tinycompress.search.dimensions import Dimension, Value

if TYPE_CHECKING:
    from tinycompress.search.evaluation import CompressionEvaluator

_PRIORS = ((4.0, 1.0), (8.0, 0.5), (2.0, 0.3))
"""Starting points: mean bits a weight, and the mean share of weights that stays."""
_INT8 = Change("bits", 8)


def layer_sensitivities(
    evaluator: CompressionEvaluator, *, hessian: bool
) -> SensitivityTable | None:
    """What the choices of a space cost layer by layer; None without zeros and clusters in it.

    Args:
        evaluator: Of a trained model.
        hessian: Whether the Hessian's traces are estimated as well.
    """
    network = evaluator.network
    assert network is not None, "a model function has no trained layers"
    sparse, clustered = (_layers(evaluator.dimensions, one) for one in (SPARSITY, CLUSTERS))
    if not sparse and not clustered:
        return None
    counts = {int(count) for count in _common_choices(clustered) if count != WHOLE}
    options = SensitivityOptions(
        sparsities=SPARSITIES if sparse else (), clusters=tuple(sorted(counts)), bits=(8,),
        hessian=hessian, seed=evaluator.task.seed,
    )  # fmt: skip
    data = read_data(evaluator.data, network, what="training data").normal()
    return measure_sensitivity(network, data, options=options, layers={*sparse, *clustered})


def clusters_within(
    dimensions: tuple[Dimension, ...],
    table: SensitivityTable,
    mean_bits: float,
    measure: Measure = "kl",
) -> dict[str, Value]:
    """Values of the dimensions of clusters, of the least harm within so many bits a weight.

    Args:
        dimensions: The space.
        table: Sensitivities of its layers.
        mean_bits: The mean over all weights that have a choice.
        measure: Which measure of harm.
    """
    layers = _layers(dimensions, CLUSTERS)
    if not layers:
        return {}
    sizes: dict[Change | None, float] = {
        _INT8 if count == WHOLE else Change("cluster", int(count)): bits_of(count)
        for count in _common_choices(layers)
    }
    mean = max(mean_bits, min(sizes.values()))
    chosen = choose_changes(_of_layers(table, layers), sizes, mean, measure=measure)
    return {
        f"{CLUSTERS}{name}": WHOLE if change in (None, _INT8) else int(change.amount)
        for name, change in chosen.items()
        if change is not None
    }


def bits_of(count: Value) -> float:
    """Bits that an index of so many values takes."""
    return float((int(count) - 1).bit_length())


def fewest_bits(dimensions: tuple[Dimension, ...]) -> float | None:
    """The fewest bits a weight that the clusters allow; None if they leave no choice."""
    choices = _common_choices(_layers(dimensions, CLUSTERS))
    return min(map(bits_of, choices)) if len(choices) > 1 else None


def sensitive_points(
    dimensions: tuple[Dimension, ...], table: SensitivityTable
) -> tuple[dict[str, Value], ...]:
    """Candidates in which each layer bears what it can: starting points of a search."""
    plain = starting_points(dimensions)[0]
    sparse = _layers(dimensions, SPARSITY)
    points: list[dict[str, Value]] = []
    for mean_bits, staying in _PRIORS:
        point = dict(plain)
        point.update(clusters_within(dimensions, table, mean_bits))
        if sparse:
            point.update(_zeros(sparse, table, staying))
        if point != plain and point not in points:
            points.append(point)
    return tuple(points)


def _zeros(
    layers: Mapping[str, Dimension], table: SensitivityTable, staying: float
) -> dict[str, Value]:
    sizes: dict[Change | None, float] = {None: 1.0}
    sizes |= {Change("prune", share): 1.0 - share for share in SPARSITIES}
    chosen = choose_changes(_of_layers(table, layers), sizes, staying)
    return {
        f"{SPARSITY}{name}": layers[name].nearest(0.0 if change is None else change.amount)
        for name, change in chosen.items()
    }


def _layers(dimensions: tuple[Dimension, ...], prefix: str) -> dict[str, Dimension]:
    """The dimensions by layer; what the user fixed leaves nothing to choose."""
    return {
        one.name.removeprefix(prefix): one
        for one in dimensions
        if one.name.startswith(prefix) and len(one.choices) != 1
    }


def _common_choices(layers: Mapping[str, Dimension]) -> tuple[Value, ...]:
    """What every layer can have."""
    choices = [one.choices for one in layers.values()]
    return (
        tuple(one for one in choices[0] if all(one in other for other in choices))
        if choices
        else ()
    )


def _of_layers(table: SensitivityTable, layers: Mapping[str, Dimension]) -> SensitivityTable:
    return replace(table, layers=tuple(row for row in table.layers if row.layer in layers))
