"""What sensitivities say of a space: starting points, and the method that halves the bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.search.networks import small_network

from tinycompress.compression.network.kernels import kernel_layers
from tinycompress.compression.sensitivity import Change, LayerSensitivity, Point, SensitivityTable
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import (
    CLUSTERS,
    SPARSITY,
    compression_dimensions,
    starting_points,
)
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.methods import planned
from tinycompress.search.methods.by_sensitivity import BySensitivity
from tinycompress.search.sensitive import clusters_within, fewest_bits, sensitive_points

SMALL_FLASH = goal_of(min_accuracy=0.94, minimize="flash")
NETWORK = small_network()


def space(goal: Goal = SMALL_FLASH) -> tuple[Dimension, ...]:
    return compression_dimensions(NETWORK, goal, 4, samples=1000)


def table(harm: dict[str, float], *, traced: bool = False) -> SensitivityTable:
    """Divergence of a change: the layer's harm for each bit, or each tenth of zeros, that goes.

    The Hessian says that all layers are alike.
    """
    layers = []
    for layer in kernel_layers(NETWORK):
        each, size = harm[layer.name], int(layer.weights[0].size)
        changes = {
            Change("bits", 8): 0.0,
            **{Change("cluster", 2**bits): each * (8 - bits) for bits in (1, 2, 4)},
            **{Change("prune", share): each * 10 * share for share in (0.3, 0.5, 0.7, 0.8, 0.9)},
        }
        points = tuple(Point(change, cost, None, float(size)) for change, cost in changes.items())
        layers.append(
            LayerSensitivity(layer.name, layer.kind, size, size, points, 1.0 if traced else None)
        )
    return SensitivityTable("small", 256, 0, 0, None, tuple(layers))


FRAGILE_OUT = {"stem": 0.001, "point": 0.001, "out": 10.0}


def test_the_layer_that_cannot_bear_it_keeps_its_bits() -> None:
    chosen = clusters_within(space(), table(FRAGILE_OUT), 5.0)
    # 512 weights of 2 bits pay for all of the two others'.
    assert chosen == {f"{CLUSTERS}stem": 256, f"{CLUSTERS}point": 4, f"{CLUSTERS}out": 256}
    assert clusters_within(space(), table(FRAGILE_OUT), 8.0) == {
        f"{CLUSTERS}{name}": 256 for name in FRAGILE_OUT
    }
    assert set(clusters_within(space(), table(FRAGILE_OUT), 0.5).values()) == {2}


def test_bits_stay_within_the_mean() -> None:
    sizes = {layer.name: layer.weights[0].size for layer in kernel_layers(NETWORK)}
    for mean in (1.0, 1.7, 2.6, 4.0, 6.5):
        chosen = clusters_within(space(), table(FRAGILE_OUT), mean)
        bits = {256: 8, 16: 4, 4: 2, 2: 1}
        used = sum(bits[int(chosen[f"{CLUSTERS}{name}"])] * size for name, size in sizes.items())
        assert used <= mean * sum(sizes.values()) + 1e-6


def test_what_the_user_fixed_is_not_chosen() -> None:
    fixed = tuple(
        Dimension.fixed(one.name, 4) if one.name == f"{CLUSTERS}stem" else one for one in space()
    )
    assert set(clusters_within(fixed, table(FRAGILE_OUT), 2.0)) == {
        f"{CLUSTERS}point", f"{CLUSTERS}out",
    }  # fmt: skip
    all_fixed = tuple(
        Dimension.fixed(one.name, 4) if one.name.startswith(CLUSTERS) else one for one in space()
    )
    assert fewest_bits(all_fixed) is None
    with pytest.raises(ConfigError, match="no layer of this space has a choice"):
        BySensitivity(all_fixed, SMALL_FLASH, table(FRAGILE_OUT))


def test_starting_points_spare_the_layer_that_cannot_bear_it() -> None:
    points = sensitive_points(space(), table(FRAGILE_OUT))
    assert len(points) == 3
    known = {one.name for one in space()}
    assert all(set(point) == known for point in points)
    assert points[0][f"{SPARSITY}out"] == points[1][f"{SPARSITY}out"] == 0.0
    # Seven tenths of all weights cannot be had of the others alone.
    assert points[2][f"{SPARSITY}out"] == 0.3
    assert {point[f"{SPARSITY}point"] for point in points} > {0.0}
    assert points[0] not in starting_points(space())


def played(
    plan: BySensitivity, measure: Callable[[planned.Point], dict[str, float]]
) -> list[planned.Tried]:
    history: list[planned.Tried] = []
    while (point := plan(history)) is not None:
        assert len(history) < 40
        history.append(planned.Tried(point, measure(point)))
    return history


def board(point: planned.Point) -> dict[str, float]:
    """One on which the last layer needs 16 values and the first two four."""
    counts = {name: int(v) for name, v in point.items() if name.startswith(CLUSTERS)}
    good = counts[f"{CLUSTERS}out"] >= 16 and min(counts.values()) >= 4
    bits = {256: 8, 16: 4, 4: 2, 2: 1}
    sizes = {layer.name: layer.weights[0].size for layer in kernel_layers(NETWORK)}
    flash = sum(bits[counts[f"{CLUSTERS}{name}"]] * size for name, size in sizes.items()) / 8
    return {"int8_accuracy": 0.95 if good else 0.8, "flash_bytes": 1000.0 + flash}


def test_it_ends_at_the_fewest_bits_that_keep_accuracy() -> None:
    history = played(BySensitivity(space(), SMALL_FLASH, table(FRAGILE_OUT)), board)
    assert history[0].point == starting_points(space())[0]
    kept = [one for one in history if one.figures["int8_accuracy"] >= 0.94]
    best = min(kept, key=lambda one: one.figures["flash_bytes"])
    assert best.point[f"{CLUSTERS}point"] == 4
    assert int(best.point[f"{CLUSTERS}out"]) >= 16
    points = [repr(sorted(one.point.items())) for one in history]
    assert len(points) == len(set(points))


def test_for_accuracy_it_ends_at_the_most_bits_that_fit() -> None:
    goal = goal_of(flash_bytes=1300, maximize="accuracy")
    history = played(BySensitivity(space(goal), goal, table(FRAGILE_OUT)), board)
    fitting = [one.figures["flash_bytes"] for one in history if one.figures["flash_bytes"] <= 1300]
    assert max(fitting) > 1250


def test_the_hessian_comes_after_the_divergence_where_it_is_known() -> None:
    plain = played(BySensitivity(space(), SMALL_FLASH, table(FRAGILE_OUT)), board)
    both = played(BySensitivity(space(), SMALL_FLASH, table(FRAGILE_OUT, traced=True)), board)
    assert both[: len(plain)] == plain
    assert len(both) > len(plain)


def test_it_lives_with_candidates_that_fail() -> None:
    history = played(BySensitivity(space(), SMALL_FLASH, table(FRAGILE_OUT)), lambda point: {})
    assert len(history) > 3


def test_the_table_goes_through_the_study() -> None:
    from tinycompress.search.preparing import Prepared

    prepared = replace(Prepared(space()), sensitivity=table(FRAGILE_OUT))
    assert Prepared.from_json(prepared.to_json()) == prepared
    old = {k: v for k, v in Prepared(space()).to_json().items() if k != "sensitivity"}
    assert Prepared.from_json(old).sensitivity is None
