"""Quantisers of QKeras and HGQ2 as int8: scales, zero points, ranges and integers of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycompress.conversion.fixed_point import hgq_quantizers, qkeras_quantizers
from tinycompress.conversion.fixed_point.grids import (
    Grid,
    GridWeights,
    bits_of,
    is_power_of_two,
    on_grid,
    why_not_int8,
)
from tinycompress.conversion.fixed_point.hgq_quantizers import FixedBits

Floats = npt.NDArray[np.float64]


def _qkeras_bits(
    x: Floats, bits: int, integer: int, symmetric: int, keep_negative: bool, alpha: float
) -> Floats:
    """QKeras's quantized_bits with a fixed alpha, as its documentation gives it."""
    levels = 2.0 ** (bits - keep_negative)
    low = keep_negative * (-levels + symmetric)
    unit = 2.0**integer / levels
    return np.asarray(alpha * unit * np.clip(np.round(x / unit), low, levels - 1))


def _int8(x: Floats, grid: Grid) -> Floats:
    """What an int8 tensor of a grid holds, behind an operator that clips below."""
    stored = np.clip(np.round(x / grid.step) + grid.zero_point, -128, 127)
    return np.asarray(np.maximum((stored - grid.zero_point) * grid.step, grid.low * grid.step))


_VALUES = st.lists(st.floats(-70, 70, width=32), min_size=1, max_size=40).map(np.array)


@given(
    x=_VALUES,
    bits=st.integers(2, 8),
    integer=st.integers(-2, 6),
    symmetric=st.integers(0, 1),
    keep_negative=st.booleans(),
    shift=st.integers(-3, 3),
)
def test_quantized_bits_is_an_int8_tensor(
    x: Floats, bits: int, integer: int, symmetric: int, keep_negative: bool, shift: int
) -> None:
    alpha = 2.0**shift
    config = {
        "bits": bits, "integer": integer, "symmetric": symmetric,
        "keep_negative": keep_negative, "alpha": alpha,
    }  # fmt: skip
    grid = qkeras_quantizers.activation_grid("quantized_bits", config)
    assert isinstance(grid, Grid)
    assert why_not_int8(grid) is None
    assert is_power_of_two(grid.step)
    wanted = _qkeras_bits(x / alpha, bits, integer, symmetric, keep_negative, alpha)
    np.testing.assert_array_equal(_int8(x, grid), wanted)


@given(x=_VALUES, bits=st.integers(1, 8), integer=st.integers(-2, 6))
def test_quantized_relu_is_an_int8_tensor(x: Floats, bits: int, integer: int) -> None:
    grid = qkeras_quantizers.activation_grid("quantized_relu", {"bits": bits, "integer": integer})
    assert isinstance(grid, Grid)
    assert why_not_int8(grid) is None
    unit = 2.0 ** (integer - bits)
    wanted = unit * np.clip(np.round(x / unit), 0, 2**bits - 1)
    np.testing.assert_array_equal(_int8(x, grid), wanted)


def test_eight_unsigned_bits_have_the_zero_point_minus_128() -> None:
    grid = qkeras_quantizers.activation_grid("quantized_relu", {"bits": 8, "integer": 2})
    assert grid == Grid(2.0**-6, 0, 255)
    assert (grid.zero_point, grid.clips_low, grid.int8_range) == (-128, False, (0.0, 255 / 64))


def test_four_signed_bits_saturate_above_and_are_clipped_below() -> None:
    grid = qkeras_quantizers.activation_grid(
        "quantized_bits", {"bits": 4, "integer": 0, "symmetric": 0, "alpha": 1}
    )
    assert grid == Grid(0.125, -8, 7)
    assert (grid.zero_point, grid.clips_low) == (120, True)


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("quantized_bits", {"bits": 16, "integer": 6, "alpha": 1}, "16 bits"),
        ("quantized_bits", {"bits": 8, "integer": 0, "alpha": 3}, "no power of two"),
        ("quantized_bits", {"bits": 8, "integer": 0, "alpha": "auto"}, "alpha='auto'"),
        ("quantized_bits", {"bits": 8, "integer": 0, "alpha": [1, 2]}, "one scale"),
        ("quantized_bits", {"bits": 1, "integer": 0, "alpha": 1}, "sign"),
        ("quantized_bits", {"bits": 8, "qnoise_factor": 0.5}, "in part"),
        ("quantized_relu", {"bits": 10, "integer": 2}, "10 bits"),
        ("quantized_relu", {"bits": 8, "negative_slope": 0.25}, "negative_slope=0"),
        ("quantized_relu", {"bits": 8, "use_sigmoid": 1}, "use_sigmoid=0"),
        ("binary", {"alpha": 1}, "quantized_bits(2, 1"),
        ("ternary", {"alpha": 1}, "quantized_bits(2, 1"),
        ("stochastic_ternary", {}, "random"),
        ("quantized_po2", {"bits": 4}, "evenly spaced"),
        ("quantized_tanh", {"bits": 4}, "quantized_bits"),
        ("of_a_later_version", {}, "not known"),
    ],
)
def test_what_int8_cannot_hold_is_told(kind: str, config: dict[str, Any], words: str) -> None:
    grid = qkeras_quantizers.activation_grid(kind, config)
    why = grid if isinstance(grid, str) else why_not_int8(grid)
    assert why is not None
    assert words in why


@pytest.mark.parametrize(("bound", "high"), [(2.0, 128), (1.5, 96), (8.0, 255)])
def test_an_upper_bound_of_relu_is_the_last_integer(bound: float, high: int) -> None:
    config = {"bits": 8, "integer": 2, "relu_upper_bound": bound, "is_quantized_clip": False}
    assert qkeras_quantizers.activation_grid("quantized_relu", config) == Grid(2.0**-6, 0, high)
    told = qkeras_quantizers.activation_grid("quantized_relu", config | {"relu_upper_bound": 1.01})
    assert isinstance(told, str)
    assert "no multiple" in told


def _bits(k: Any, i: Any, f: Any, rounding: str = "RND", overflow: str = "WRAP") -> FixedBits:
    return FixedBits(np.array(k), np.array(i), np.array(f), rounding, overflow)


@given(
    k=st.integers(0, 1),
    i=st.integers(-3, 5),
    f=st.integers(-3, 8),
    overflow=st.sampled_from(("WRAP", "SAT", "SAT_SYM")),
)
def test_fixed_bits_are_a_grid_of_that_many_levels(k: int, i: int, f: int, overflow: str) -> None:
    grid = hgq_quantizers.activation_grid(_bits(k, i, f, overflow=overflow))
    if i + f + k <= 0:
        assert isinstance(grid, str)
        return
    assert isinstance(grid, Grid)
    assert grid.step == 2.0**-f
    if i + f >= 0:
        assert grid.high * grid.step == 2.0**i - 2.0**-f
        assert grid.low * grid.step == -k * (2.0**i - (2.0**-f if "SYM" in overflow else 0))
    assert (why_not_int8(grid) is None) == (bits_of(grid.high - grid.low + 1) <= 8)


def test_elements_of_one_step_share_the_widest_range() -> None:
    assert hgq_quantizers.activation_grid(_bits([1, 0], [2, 3], [4, 4])) == Grid(0.0625, -128, 127)


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (_bits([1, 1], [2, 2], [4, 3]), "steps of their own"),
        (_bits([1, 1], [2, 3], [4, 4], overflow="SAT"), "ranges of their own"),
        (_bits(1, 2, 4, "TRN"), "TRN"),
        (_bits(0, 0, 0), "no bits left"),
    ],
)
def test_bits_that_are_no_one_grid_are_told(bits: FixedBits, words: str) -> None:
    found = hgq_quantizers.activation_grid(bits)
    assert isinstance(found, str)
    assert words in found


def _integers(low: int, high: int) -> st.SearchStrategy[npt.NDArray[np.int64]]:
    row = st.lists(st.integers(low, high), min_size=6, max_size=6)
    return st.lists(row, min_size=1, max_size=4).map(np.array)


@given(integers=_integers(-128, 127), exponent=st.integers(-12, 3))
def test_weights_of_a_known_step_are_the_very_integers(
    integers: npt.NDArray[np.int64], exponent: int
) -> None:
    steps = np.full(len(integers), 2.0**exponent)
    found = on_grid("dense", (integers * 2.0**exponent).astype(np.float32), steps)
    assert isinstance(found, GridWeights)
    np.testing.assert_array_equal(found.integers, integers)
    np.testing.assert_array_equal(found.steps, steps)


@given(
    integers=_integers(-128, 127),
    exponents=st.lists(st.integers(-12, 3), min_size=4, max_size=4),
)
def test_weights_of_unknown_steps_keep_their_values(
    integers: npt.NDArray[np.int64], exponents: list[int]
) -> None:
    rows = (integers * 2.0 ** np.array(exponents[: len(integers)])[:, None]).astype(np.float32)
    found = on_grid("dense", rows)
    assert isinstance(found, GridWeights)
    np.testing.assert_array_equal(found.integers * found.steps[:, None], rows)


@given(integers=_integers(-7, 7), scales=st.lists(st.floats(0.01, 4), min_size=4, max_size=4))
def test_any_scale_of_a_channel_is_found(
    integers: npt.NDArray[np.int64], scales: list[float]
) -> None:
    rows = (integers * np.array(scales[: len(integers)])[:, None]).astype(np.float32)
    found = on_grid("dense", rows)
    assert isinstance(found, GridWeights)
    real = found.integers * found.steps[:, None]
    largest = np.abs(rows).max(axis=1, keepdims=True)
    assert (np.abs(real - rows) <= 1e-4 * largest).all()


def test_weights_of_more_than_eight_bits_are_refused() -> None:
    found = on_grid("dense", np.arange(-300, 300, dtype=np.float32).reshape(2, -1) / 256)
    assert isinstance(found, str)
    assert "more than 8 bits" in found


def test_powers_of_two_fit_where_their_ratio_does() -> None:
    assert isinstance(on_grid("dense", np.array([[0.5, -0.25, 16.0]])), GridWeights)
    assert isinstance(on_grid("dense", np.array([[0.0625, 32.0]])), str)
