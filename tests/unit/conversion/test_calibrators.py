"""Calibrators: from a histogram to a range, and the scale and zero point that it means."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tinycompress.calibrators.base import BINS, Grid, Observed, Range
from tinycompress.calibrators.ends import least
from tinycompress.calibrators.kl import divergence, without_point_masses
from tinycompress.calibrators.mse import squared_error
from tinycompress.calibrators.registry import AUTO, CALIBRATORS, calibrator_names
from tinycompress.conversion import ConvertOptions
from tinycompress.conversion.best_ranges import best_ranges
from tinycompress.conversion.ranges import Shared
from tinycompress.errors import ConfigError

Array = npt.NDArray[Any]
EVERY = pytest.mark.parametrize("name", CALIBRATORS)
RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=100_000)
RELU = np.maximum(NORMAL, 0.0)
OUTLIERS = np.concatenate([NORMAL, [80.0, -30.0]])


def observed(values: Array, bins: int = BINS) -> Observed:
    some = values[values != 0]
    counts, _ = np.histogram(some, bins, (values.min(), values.max()))
    return Observed(float(values.min()), float(values.max()), counts, values.size - some.size)


@EVERY
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("values", [NORMAL, RELU, OUTLIERS, -RELU, NORMAL + 40.0, NORMAL - 40.0])
def test_a_range_holds_zero_and_is_no_wider_than_the_values(
    name: str, symmetric: bool, values: Array
) -> None:
    found = CALIBRATORS[name](observed(values), Grid(symmetric))
    whole = Grid(symmetric).over(float(values.min()), float(values.max()))
    assert whole.low <= found.low <= 0 <= found.high <= whole.high
    assert found.low < found.high
    assert -128 <= found.zero_point <= 127
    if symmetric:
        assert found.zero_point == 0


def test_a_zero_point_between_two_integers_is_the_converters() -> None:
    """-0.5 becomes -1: half away from zero, as the MLIR converter rounds."""
    assert Range(-1.0, 1.0).zero_point == -1
    assert Range(-0.5, 254.5).zero_point == -128
    assert (Range(0.0, 1.0).zero_point, Range(-1.0, 0.0).zero_point) == (-128, 127)


def test_minmax_keeps_all_and_a_percentile_leaves_out_its_share() -> None:
    assert CALIBRATORS["minmax"](observed(OUTLIERS), Grid()) == Range(-30.0, 80.0)
    for name, percent in (("percentile-99.9", 99.9), ("percentile", 99.99)):
        of_both = CALIBRATORS[name](observed(NORMAL), Grid())
        inside = np.mean((of_both.low <= NORMAL) & (of_both.high >= NORMAL))
        assert 100 * inside == pytest.approx(percent, abs=0.01)
        # The zeros of a ReLU are values, too: the share is of all, and left out above alone.
        of_one = CALIBRATORS[name](observed(RELU), Grid())
        assert of_one.low == 0.0
        assert 100 * np.mean(of_one.high >= RELU) == pytest.approx(percent, abs=0.01)


def test_mse_and_kl_beat_the_whole_range_by_their_own_measure() -> None:
    for name, score in (("mse", squared_error), ("kl", divergence)):
        for values in (NORMAL, RELU, OUTLIERS):
            # KL is over fewer bins, and more of them are left as they are.
            seen, grid = observed(values, 2049 if name == "kl" else BINS), Grid()
            found = CALIBRATORS[name](seen, grid)
            whole = CALIBRATORS["minmax"](seen, grid)
            assert score(seen, grid, found) <= score(seen, grid, whole), name


def test_few_values_say_nothing_of_their_distribution() -> None:
    few = observed(OUTLIERS[-1000:])
    assert CALIBRATORS["kl"](few, Grid()) == CALIBRATORS["minmax"](few, Grid())
    assert CALIBRATORS["kl"](observed(OUTLIERS), Grid()).high < 20.0


def test_values_that_repeat_do_not_make_kl_clip_the_others() -> None:
    """As behind a depthwise convolution: half of all values are the biases of a few channels."""
    spread = np.abs(RNG.normal(size=100_000)) ** 1.5
    masses = np.repeat([0.07, 0.31, 0.55, 0.91, 1.3], 20_000)
    alone = CALIBRATORS["kl"](observed(spread), Grid())
    together = CALIBRATORS["kl"](observed(np.concatenate([spread, masses])), Grid())
    assert together.high == pytest.approx(alone.high, rel=0.15)
    symmetric = CALIBRATORS["kl"](observed(np.concatenate([NORMAL, masses])), Grid(True))
    assert symmetric.high > 0.6 * NORMAL.max()


def test_a_point_mass_is_a_bin_or_two_that_those_beside_know_nothing_of() -> None:
    counts = np.full(64, 20, np.int64)
    counts[[10, 40, 41]] = [500, 300, 200]
    assert without_point_masses(counts).tolist() == [20] * 64
    # A narrow distribution is no point, nor is what chance brings into an empty place.
    bulk = np.zeros(64, np.int64)
    bulk[25:37] = [20, 70, 200, 400, 600, 800, 800, 600, 400, 200, 70, 20]
    bulk[5] = 3
    assert without_point_masses(bulk).tolist() == bulk.tolist()
    few = np.array([0, 9000, 0], np.int64)
    assert without_point_masses(few) is few


def test_the_squared_error_is_that_of_the_values_themselves() -> None:
    """Of the histogram as of single values, rounded by the scale and zero point of the file."""
    for within in (Range(-2.0, 3.0), Range(0.0, 2.5), Range(-127 / 128, 1.0)):
        integers = np.clip(np.rint(NORMAL / within.scale) + within.zero_point, -128, 127)
        real = (integers - within.zero_point) * within.scale
        exact = float(np.sum((NORMAL - real) ** 2))
        assert squared_error(observed(NORMAL), Grid(), within) == pytest.approx(exact, rel=0.01)


def test_the_search_for_ends_finds_the_best_of_each() -> None:
    def wanted(seen: Observed, grid: Grid, within: Range) -> float:
        return abs(within.low + 1.0) + abs(within.high - 2.0)

    found = least(Observed(-4.0, 4.0, np.ones(BINS, np.int64)), Grid(), wanted)
    assert (found.low, found.high) == pytest.approx((-1.0, 2.0), abs=0.05)


def test_a_wrong_calibrator_is_refused_with_all_that_there_are() -> None:
    assert calibrator_names() == (*CALIBRATORS, AUTO)
    with pytest.raises(ConfigError, match=r"'entropy'; allowed: minmax, percentile, .*, kl, auto"):
        ConvertOptions(calibrator="entropy")
    with pytest.raises(ConfigError, match="for int8 activations"):
        ConvertOptions(calibrator="mse", activations="int16")
    with pytest.raises(ConfigError, match="exclude each other"):
        ConvertOptions(per_tensor_weights=True, per_channel_dense=True)


def test_the_best_ranges_are_chosen_as_a_whole_and_then_one_by_one() -> None:
    one, other = Shared((0,), ("a",)), Shared((1,), ("b",))
    wide, narrow = Range(-4.0, 4.0), Range(-1.0, 1.0)
    proposals = {"minmax": {one: wide, other: wide}, "mse": {one: narrow, other: narrow}}
    costs = {(wide, wide): 0.4, (narrow, narrow): 0.3, (wide, narrow): 0.1, (narrow, wide): 0.5}
    found = best_ranges(proposals, lambda ranges: costs[ranges[one], ranges[other]])
    assert dict(found.ranges) == {one: wide, other: narrow}
    assert found.notes == (
        "ranges chosen by the error of the outputs, 10.0 dB below their power: minmax 1, mse 1",
    )
