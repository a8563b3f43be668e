"""A change for each layer within a budget: an integer programme over measured sensitivities.

For every layer one number of bits is chosen (or one share of zeros, or one number of values), so
that the sum of what the choices cost is least and the weights take no more than the budget allows.
ZeroQ takes the KL divergence as the cost (Cai et al., 2020), HAWQ-V2 the trace of the Hessian times
the squared error (Dong et al., 2020), and HAWQ-V3 solves it as an integer programme (Yao et al.,
2021). That costs of layers add up is the assumption of all three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from tinycompress.compression.network.network import Array
from tinycompress.compression.sensitivity.table import Change, LayerSensitivity, SensitivityTable
from tinycompress.errors import ConfigError

Measure = Literal["kl", "hessian"]


def choose_bits(
    table: SensitivityTable, choices: Sequence[int], mean_bits: float, *, measure: Measure = "kl"
) -> dict[str, int]:
    """Bits by layer name, so that the sum of the layers' costs is the least within a budget.

    Args:
        table: Sensitivities of the layers to choose for, with every choice measured.
        choices: The bits that a layer can have.
        mean_bits: Bits a weight, the mean over all weights of these layers, at most.
        measure: Which cost of a layer is added up.

    Raises:
        ConfigError: Not even the fewest bits keep the budget.
        KeyError: A choice was not measured.
        ValueError: ``hessian``, and the table has no traces.
    """
    choices = sorted(set(choices))
    if choices[0] > mean_bits:
        raise ConfigError(
            f"mean_bits = {mean_bits:g} cannot be met: the fewest bits among the choices are"
            f" {choices[0]}",
            hint="raise mean_bits, or add a smaller number to choices",
        )
    sizes: dict[Change | None, float] = {Change("bits", bits): float(bits) for bits in choices}
    chosen = choose_changes(table, sizes, mean_bits, measure=measure)
    return {name: int(change.amount) for name, change in chosen.items() if change is not None}


def choose_changes(
    table: SensitivityTable,
    sizes: Mapping[Change | None, float],
    mean_size: float,
    *,
    measure: Measure = "kl",
) -> dict[str, Change | None]:
    """Changes by layer name, so that the sum of the layers' costs is the least within a budget.

    Args:
        table: Sensitivities of the layers to choose for, with every change measured.
        sizes: What a weight takes after each change, in any unit; None is the layer as it is, which
            costs nothing.
        mean_size: What a weight may take, the mean over all weights of these layers.
        measure: Which cost of a layer is added up.

    Raises:
        KeyError: A change was not measured.
        ValueError: ``hessian``, and the table has no traces; or no choice keeps the budget.
    """
    if min(sizes.values()) > mean_size:
        raise ValueError(f"mean_size is {mean_size:g}, and the least of sizes is more")
    changes = sorted(sizes, key=lambda change: sizes[change])
    costs = np.array([[_cost(layer, each, measure) for each in changes] for layer in table.layers])
    weights = np.array([layer.weights for layer in table.layers], np.float64)
    of_weight = [sizes[change] for change in changes]
    taken = _least_cost(costs, np.outer(weights, of_weight), mean_size * weights.sum())
    return {layer.layer: changes[index] for layer, index in zip(table.layers, taken, strict=True)}


def costs_of(table: SensitivityTable, bits: Mapping[str, int], *, measure: Measure = "kl") -> float:
    """The sum of what some bits by layer name cost, which `choose_bits` makes least."""
    return sum(_cost(layer, Change("bits", bits[layer.layer]), measure) for layer in table.layers)


def _cost(layer: LayerSensitivity, change: Change | None, measure: Measure) -> float:
    if change is None:
        return 0.0
    if measure == "hessian":
        return layer.perturbation(change)
    return max(layer.point(change).divergence, 0.0)


def _least_cost(costs: Array, sizes: Array, budget: float) -> list[int]:
    """One column for each row, with the least sum of costs and sizes within the budget.

    Args:
        costs: float64 ``[layers, choices]``, not negative.
        sizes: The same shape.
        budget: At least the sum of each row's smallest size.
    """
    first = _solved(costs, sizes, budget, float(costs.max()))
    # The solver's tolerance is a share of the largest cost, which one ruinous choice may make large
    # against all that matter: what costs more than the whole of a solution is in no better one.
    total = float(costs[np.arange(len(first)), first].sum())
    second = _solved(costs, sizes, budget, total)
    return min((first, second), key=lambda taken: costs[np.arange(len(taken)), taken].sum())


def _solved(costs: Array, sizes: Array, budget: float, most: float) -> list[int]:
    """The same, of the choices that cost at most ``most``; a solution of them is there."""
    # A quarter of a second, which nobody who chooses no bits need wait for.
    from scipy.optimize import Bounds, LinearConstraint, milp

    layers, count = costs.shape
    one_each = np.kron(np.eye(layers), np.ones(count))
    # Sizes and costs to a scale on which the solver's tolerances mean nothing; equal costs take
    # the smaller size.
    share = sizes / sizes.sum()
    scaled = np.minimum(costs, most) / max(most, np.finfo(np.float64).tiny)
    found = milp(
        c=(scaled + 1e-9 * share).reshape(-1),
        integrality=np.ones(costs.size),
        bounds=Bounds(0, (costs <= most).astype(np.float64).reshape(-1)),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            LinearConstraint(share.reshape(1, -1), -np.inf, budget / sizes.sum() * (1 + 1e-12)),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise AssertionError(f"the solver found no bits: {found.message}")
    taken: list[int] = np.argmax(found.x.reshape(costs.shape), axis=1).tolist()
    return taken
