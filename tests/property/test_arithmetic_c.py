"""The arithmetic in C is the arithmetic in Python, bit by bit."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.host_model import compile_c

from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.ir import arithmetic as a
from tinycompress.ir.fixed_point import multiply_reduced
from tinycompress.ir.half_away import MAX_SHIFT, MAX_VALUE, MIN_SHIFT

int32s = st.one_of(
    st.integers(a.INT32_MIN, a.INT32_MAX),
    st.integers(-70000, 70000),
    st.sampled_from([a.INT32_MIN, a.INT32_MIN + 1, -1, 0, 1, a.INT32_MAX - 1, a.INT32_MAX]),
)
multipliers = st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([0, 2**30, 2**31 - 1]))


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("math") / "math.so"
    # Signed overflow and bad shifts stop the process rather than give some result.
    flags = (
        "-O2",
        "-shared",
        "-fPIC",
        "-fsanitize=undefined",
        "-fsanitize-undefined-trap-on-error",
    )
    compile_c([Path(engine_dir() / "host" / "math_exports.c")], library, flags)
    return ctypes.CDLL(str(library))


def _function(c: ctypes.CDLL, name: str, *types: type) -> Callable[..., int]:
    function = getattr(c, name)
    function.restype, *arguments = types
    function.argtypes = arguments
    found: Callable[..., int] = function
    return found


I32, I64 = ctypes.c_int32, ctypes.c_int64


@given(int32s, int32s)
def test_doubling_high_mul(c: ctypes.CDLL, x: int, y: int) -> None:
    assume((x, y) != (a.INT32_MIN, a.INT32_MIN))
    function = _function(c, "tct_doubling_high_mul", I32, I32, I32)
    assert function(x, y) == a.saturating_rounding_doubling_high_mul(x, y)


@given(int32s, int32s)
def test_products_of_halves(c: ctypes.CDLL, x: int, y: int) -> None:
    """What Thumb-1 cores do for want of a long multiplication."""
    assert _function(c, "tct_high_mul_halves", I32, I32, I32)(x, y) == x * y >> 32
    assume((x, y) != (a.INT32_MIN, a.INT32_MIN))
    doubling = _function(c, "tct_doubling_high_mul_halves", I32, I32, I32)
    assert doubling(x, y) == a.saturating_rounding_doubling_high_mul(x, y)


@given(int32s, st.integers(0, 31))
def test_rounding_divide_by_pot(c: ctypes.CDLL, x: int, exponent: int) -> None:
    function = _function(c, "tct_rounding_divide_by_pot", I32, I32, I32)
    assert function(x, exponent) == a.rounding_divide_by_pot(x, exponent)


@given(int32s, multipliers, st.integers(-31, 30))
def test_multiply_double(c: ctypes.CDLL, x: int, multiplier: int, shift: int) -> None:
    function = _function(c, "tct_multiply_two_roundings", I32, I32, I32, I32)
    expected = a.multiply_by_quantized_multiplier_double(x, multiplier, shift)
    assert function(x, multiplier, shift) == expected


@given(int32s, st.integers(1, 62), st.data())
def test_multiply_half_away(c: ctypes.CDLL, x: int, shift: int, data: st.DataObject) -> None:
    largest = (2**63 - 1 - 2 ** (shift - 1)) // max(abs(x), 1)
    multiplier = data.draw(st.integers(0, min(largest, 2**62)))
    function = _function(c, "tct_multiply_half_away", I64, I32, I64, I32)
    wide = a.WideMultiplier(multiplier, shift)
    assert function(x, multiplier, shift) == a.multiply_half_away(x, wide)


@given(st.integers(-(2**47), 2**47 - 1), st.integers(0, 2**15 - 1), st.integers(-31, 7))
def test_multiply_reduced(c: ctypes.CDLL, x: int, multiplier: int, shift: int) -> None:
    function = _function(c, "tct_multiply_reduced", I32, I64, I32, I32)
    assert function(x, multiplier, shift) == multiply_reduced(x, multiplier, shift)


@given(
    st.integers(-MAX_VALUE, MAX_VALUE),
    st.integers(0, 2**62 - 1),
    st.integers(MIN_SHIFT, MAX_SHIFT),
)
def test_multiply_half_away_wide(c: ctypes.CDLL, x: int, multiplier: int, shift: int) -> None:
    function = _function(c, "tct_multiply_half_away_wide", I64, I64, I64, I32)
    expected = a.multiply_half_away(x, a.WideMultiplier(multiplier, shift))
    assert function(x, multiplier, shift) == expected


@given(int32s, st.integers(1, 30))
def test_saturating_shift_left(c: ctypes.CDLL, x: int, exponent: int) -> None:
    function = _function(c, "tct_saturating_shift_left", I32, I32, I32)
    assert function(x, exponent) == a.saturating_rounding_multiply_by_pot(x, exponent)


@given(st.one_of(st.integers(0, a.INT32_MAX), st.sampled_from([0, 1, a.INT32_MAX])))
def test_one_over_one_plus_x(c: ctypes.CDLL, x: int) -> None:
    result = _function(c, "tct_one_over_one_plus_x", I32, I32)(x)
    assert result == a.one_over_one_plus_x(x)
    assert math.isclose(result / 2**31, 1 / (1 + x / 2**31), abs_tol=1e-7)


@given(st.integers(-(2**24), 2**24), st.integers(1, 2**16))
def test_rounded_average(c: ctypes.CDLL, total: int, count: int) -> None:
    function = _function(c, "tct_rounded_average", I32, I32, I32)
    assert function(total, count) == a.rounded_average(total, count)


@given(st.integers(-60, 60), st.integers(1, 40), st.integers(1, 12), st.integers(1, 9))
def test_taps_inside(c: ctypes.CDLL, origin: int, size: int, count: int, dilation: int) -> None:
    begin = _function(c, "tct_taps_begin", I32, I32, I32, I32, I32)(origin, size, count, dilation)
    end = _function(c, "tct_taps_end", I32, I32, I32, I32, I32)(origin, size, count, dilation)
    inside = [tap for tap in range(count) if 0 <= origin + tap * dilation < size]
    assert list(range(begin, end)) == inside
    assert 0 <= begin <= end <= count
