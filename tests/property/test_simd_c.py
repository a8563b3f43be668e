"""The plain C twins of the DSP instructions, against the instructions' definitions."""

from __future__ import annotations

import ctypes
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.host_model import compile_c

from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.ir import arithmetic as a

words = st.one_of(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 0x80808080, 0x7F7F7F7F, 0x80008000, 0x7FFF8000, 2**32 - 1]),
)
int32s = st.one_of(
    st.integers(a.INT32_MIN, a.INT32_MAX),
    st.sampled_from([a.INT32_MIN, -1, 0, 1, a.INT32_MAX]),
)


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("simd") / "simd.so"
    # Signed overflow and bad shifts stop the process rather than give some result.
    flags = (
        "-O2",
        "-shared",
        "-fPIC",
        "-fsanitize=undefined",
        "-fsanitize-undefined-trap-on-error",
    )
    compile_c([Path(engine_dir() / "host" / "simd_exports.c")], library, flags)
    return ctypes.CDLL(str(library))


def _call(c: ctypes.CDLL, name: str, *values: int, word: bool = False) -> int:
    function = getattr(c, f"tct_{name}")
    function.restype = ctypes.c_uint32 if word else ctypes.c_int32
    function.argtypes = [ctypes.c_int32 if v < 0 else ctypes.c_uint32 for v in values]
    return int(function(*values))


def _signed(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


def _halves(word: int) -> tuple[int, int]:
    return _signed(word & 0xFFFF, 16), _signed(word >> 16, 16)


def _bytes(word: int) -> list[int]:
    return [_signed(word >> shift & 0xFF, 8) for shift in (0, 8, 16, 24)]


def _pair(lo: int, hi: int) -> int:
    return lo & 0xFFFF | (hi & 0xFFFF) << 16


def _quad(values: list[int]) -> int:
    return sum((value & 0xFF) << 8 * i for i, value in enumerate(values))


@given(words, words, int32s)
def test_multiply_accumulate(c: ctypes.CDLL, x: int, y: int, total: int) -> None:
    (xl, xh), (yl, yh) = _halves(x), _halves(y)
    products = {
        "smlad": xl * yl + xh * yh, "smlabb": xl * yl, "smlabt": xl * yh, "smlatb": xh * yl,
        "smlatt": xh * yh,
    }  # fmt: skip
    for name, product in products.items():
        assert _call(c, name, x, y, total) == a.wrap_int32(total + product), name


@given(int32s, int32s, int32s)
def test_high_multiplies(c: ctypes.CDLL, x: int, y: int, total: int) -> None:
    assert _call(c, "smmulr", x, y) == a.wrap_int32((x * y + 2**31) >> 32)
    assert _call(c, "smmla", x, y, total) == a.wrap_int32(total + (x * y >> 32))


@given(words)
def test_widening(c: ctypes.CDLL, x: int) -> None:
    quad = _bytes(x)
    assert _call(c, "sxtb16", x, word=True) == _pair(quad[0], quad[2])
    assert _call(c, "sxtb16_ror8", x, word=True) == _pair(quad[1], quad[3])


@given(words, words)
def test_pairs_and_quads(c: ctypes.CDLL, x: int, y: int) -> None:
    (xl, xh), (yl, yh) = _halves(x), _halves(y)
    quads = list(zip(_bytes(x), _bytes(y), strict=True))
    expected: dict[str, int] = {
        "pkhbt": _pair(xl, yl), "pkhtb": _pair(yh, xh),
        "sxtab16": _pair(xl + _bytes(y)[0], xh + _bytes(y)[2]),
        "sxtab16_ror8": _pair(xl + _bytes(y)[1], xh + _bytes(y)[3]),
        "sadd16": _pair(xl + yl, xh + yh), "ssub16": _pair(xl - yl, xh - yh),
        "sadd8": _quad([p + q for p, q in quads]),
        "max_s8x4": _quad([max(pair) for pair in quads]),
        "min_s8x4": _quad([min(pair) for pair in quads]),
    }  # fmt: skip
    for name, value in expected.items():
        assert _call(c, name, x, y, word=True) == value, name


@given(int32s)
def test_saturation(c: ctypes.CDLL, x: int) -> None:
    assert _call(c, "ssat8", x) == a.clamp(x, -128, 127)


@given(
    st.one_of(
        st.integers(-(2**30), 2**30 - 1),
        st.integers(-70000, 70000),
        st.sampled_from([-(2**30), 1 - 2**30, 2**30 - 1]),
    ),
    st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([2**30, 2**31 - 1])),
    st.integers(1, 22),
    st.integers(-128, 127),
)
def test_requantize(c: ctypes.CDLL, x: int, multiplier: int, shift: int, zero_point: int) -> None:
    scaled = a.multiply_by_quantized_multiplier_double(x, multiplier, -shift)
    assert _call(c, "requantize", x, multiplier, shift, zero_point) == scaled + zero_point


def test_requantize_at_its_bounds(c: ctypes.CDLL) -> None:
    """Doubled, -2^30 is the last int32 and 2^30 wraps: the host keeps all sums below."""
    for multiplier, shift, zero_point in itertools.product(
        (2**30, 2**31 - 1), range(1, 23), (-128, -1, 0, 127)
    ):
        for x in (-(2**30), 1 - 2**30, 2**30 - 1):
            scaled = a.multiply_by_quantized_multiplier_double(x, multiplier, -shift)
            assert _call(c, "requantize", x, multiplier, shift, zero_point) == scaled + zero_point
        scaled = a.multiply_by_quantized_multiplier_double(-(2**30), multiplier, -shift)
        assert _call(c, "requantize", 2**30, multiplier, shift, zero_point) == scaled + zero_point


@given(int32s, st.integers(-128, 127))
def test_requantize_by_0_gives_the_zero_point(c: ctypes.CDLL, x: int, zero_point: int) -> None:
    assert _call(c, "requantize", x, 0, 1, zero_point) == zero_point


@given(
    st.one_of(int32s, st.integers(-70000, 70000)),
    st.integers(0, 2**31 - 1),
    st.integers(1, 31),
)
def test_roundings_of_a_lane(c: ctypes.CDLL, x: int, multiplier: int, shift: int) -> None:
    """VQRDMULH, the sign added, VRSHL: what the reference makes of a sum."""
    scaled = a.multiply_by_quantized_multiplier_double(x, multiplier, -shift)
    assert _call(c, "two_roundings_lane_mve", x, multiplier, shift) == scaled
    # The instructions themselves, from their definitions.
    product = a.clamp((2 * x * multiplier + 2**31) >> 32, a.INT32_MIN, a.INT32_MAX)
    nudged = product + (-1 if product < 0 else 0)
    assert (nudged + 2 ** (shift - 1)) >> shift == scaled


@given(int32s, st.integers(0, 2**31 - 1), st.integers(-(2**15), 2**15 - 1), st.integers(0, 4))
def test_line_of_a_lane(c: ctypes.CDLL, x: int, multiplier: int, addend: int, bits: int) -> None:
    expected = a.wrap_int32((x * multiplier >> 32) + addend) >> bits
    assert _call(c, "fitted_lane_mve", x, multiplier, addend, bits) == expected
