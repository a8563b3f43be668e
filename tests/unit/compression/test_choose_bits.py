"""Bits by an integer programme: against all choices there are, and what a table of it knows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinycompress.compression.sensitivity.bits import Measure, choose_bits, costs_of
from tinycompress.compression.sensitivity.plot import sensitivity_svg
from tinycompress.compression.sensitivity.table import (
    Change,
    LayerSensitivity,
    Point,
    SensitivityTable,
)
from tinycompress.errors import ConfigError

CHOICES = (8, 4, 3, 2)


def table_of(weights: Sequence[int], costs: Sequence[Sequence[float]]) -> SensitivityTable:
    """One row of costs a layer, for `CHOICES`; the Hessian says the opposite of the divergence."""
    layers = []
    for number, (size, row) in enumerate(zip(weights, costs, strict=True)):
        points = tuple(
            Point(Change("bits", bits), cost, None, squared_error=size / (1.0 + cost))
            for bits, cost in zip(CHOICES, row, strict=True)
        )
        layers.append(LayerSensitivity(f"l{number}", "Dense", size, size, points, 2.0, 0.1))
    return SensitivityTable("m", 256, 128, 0, None, tuple(layers))


def by_brute_force(table: SensitivityTable, mean_bits: float, measure: Measure) -> float:
    sizes = np.array([layer.weights for layer in table.layers])
    names = [layer.layer for layer in table.layers]
    return min(
        costs_of(table, dict(zip(names, bits, strict=True)), measure=measure)
        for bits in itertools.product(CHOICES, repeat=len(names))
        if np.dot(sizes, bits) <= mean_bits * sizes.sum()
    )


@example(seed=603992080, count=4, measure="kl")
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from(["kl", "hessian"]))
def test_no_other_bits_cost_less(seed: int, count: int, measure: Measure) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.integers(1, 5000, count).tolist()
    # From what rounding leaves to what ruins the network, as measured ones are.
    costs = np.sort(generator.lognormal(-4, 4, (count, len(CHOICES))), axis=1)
    table = table_of(weights, costs.tolist())
    mean_bits = float(generator.uniform(2.0, 8.0))
    bits = choose_bits(table, CHOICES, mean_bits, measure=measure)
    assert set(bits) == {layer.layer for layer in table.layers}
    used = sum(bits[layer.layer] * layer.weights for layer in table.layers)
    assert used <= mean_bits * sum(weights) + 1e-6
    best = by_brute_force(table, mean_bits, measure)
    # The solver stops within a millionth of the sum.
    assert costs_of(table, bits, measure=measure) <= best * (1 + 2e-6) + 1e-15


def test_the_layer_that_matters_most_keeps_its_bits() -> None:
    table = table_of([100, 100, 100], [[0, 1, 9, 90], [0, 0, 0, 0.1], [0, 0, 0, 0.1]])
    assert choose_bits(table, CHOICES, 4.0) == {"l0": 8, "l1": 2, "l2": 2}
    assert choose_bits(table, CHOICES, 8.0)["l0"] == 8


def test_equal_costs_take_the_fewest_bits() -> None:
    table = table_of([100, 7], [[0, 0, 0, 0], [0, 0, 0, 1]])
    assert choose_bits(table, CHOICES, 8.0) == {"l0": 2, "l1": 3}


def test_too_small_a_budget_says_what_can_be() -> None:
    table = table_of([100], [[0, 0, 0, 0]])
    assert choose_bits(table, CHOICES, 2.0) == {"l0": 2}
    with pytest.raises(ConfigError, match=r"mean_bits = 1.9 .* the fewest bits .* are 2"):
        choose_bits(table, CHOICES, 1.9)


def test_the_trace_needs_labels() -> None:
    layer = LayerSensitivity("a", "Dense", 4, 4, (Point(Change("bits", 4), 0.1, None, 2.0),))
    with pytest.raises(ValueError, match="the Hessian needs labels"):
        layer.perturbation(Change("bits", 4))


def test_perturbation_is_the_mean_eigenvalue_times_the_squared_error() -> None:
    point = Point(Change("bits", 4), 0.1, None, squared_error=3.0)
    layer = LayerSensitivity("a", "Dense", 10, 10, (point,), hessian_trace=20.0, hessian_error=1.0)
    assert layer.perturbation(Change("bits", 4)) == pytest.approx(6.0)


def test_a_table_comes_back_from_json() -> None:
    table = table_of([100, 7], [[0, 1, 2, 3], [0, 0.5, 1, 2]])
    assert SensitivityTable.from_json(json.loads(json.dumps(table.to_json()))) == table
    assert [layer.layer for layer in table.ranked(Change("bits", 2))] == ["l0", "l1"]
    assert [str(change) for change in table.changes] == ["8 bits", "4 bits", "3 bits", "2 bits"]
    with pytest.raises(KeyError):
        table.layer("l2")


def test_the_plot_is_the_same_each_time() -> None:
    table = table_of([100, 7], [[0, 1, 2, 3], [0, 0.5, 1, 2]])
    svg = sensitivity_svg(table)
    assert svg == sensitivity_svg(table)
    assert svg.startswith("<?xml")
    for text in ("bits of a weight", "trace of the Hessian", "l0", "l1", "256 samples"):
        assert text in svg


def test_names_are_drawn_as_they_are() -> None:
    table = table_of([100], [[0, 1, 2, 3]])
    odd = replace(table.layers[0], layer=r"a$\x$")
    svg = sensitivity_svg(replace(table, model=r"m$\frac{$", layers=(odd,)))
    assert r"a$\x$" in svg
    assert r"m$\frac{$: sensitivity" in svg
