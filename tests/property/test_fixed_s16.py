"""The gates in fixed point of 16 bits: every input, against a model in numpy and the real curve."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.host_model import compile_c

from tinycompress.codegen.kernel_files import engine_dir

Int64s = npt.NDArray[np.int64]
ALL = np.arange(-(2**15), 2**15, dtype=np.int64)
ONE = 2**15 - 1
# exp(-1/4), exp(-1/2), .. exp(-16) as Q0.15.
POWERS = [round(2**15 * np.exp(-(2.0**e))) for e in range(-2, 5)]


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("fixed") / "fixed.so"
    # Signed overflow and bad shifts stop the process rather than give some result.
    sanitize = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    flags = ("-O2", "-shared", "-fPIC", *sanitize)
    compile_c([Path(engine_dir() / "host" / "math_exports.c")], library, flags)
    return ctypes.CDLL(str(library))


def _mul(a: Int64s | int, b: Int64s | int) -> Int64s:
    product: Int64s = np.floor_divide(np.multiply(a, b) + 2**14, 2**15)
    return product


def _halve(x: Int64s, exponent: int) -> Int64s:
    """Halves away from zero."""
    halved: Int64s = np.sign(x) * ((np.abs(x) + (1 << (exponent - 1))) >> exponent)
    return halved


def _saturate(x: Int64s) -> Int64s:
    return np.clip(x, -(2**15), ONE)


def _exp(x: Int64s, integer_bits: int) -> Int64s:
    quarter = 1 << (13 - integer_bits)
    rest = x % quarter - quarter
    a = (rest << integer_bits) + 2**12
    square = _mul(a, a)
    cubic_and_on = _mul(_halve(_mul(square, square), 2) + _mul(square, a), round(2**15 / 3))
    series = a + _halve(cubic_and_on + square, 1)
    base = round(2**15 * np.exp(-0.125))
    result = _saturate(base + _mul(base, series))
    for bit, power in enumerate(POWERS):
        chosen = ((rest - x) // quarter) >> bit & 1 == 1
        result = np.where(chosen, _mul(result, power), result)
    result = np.where(x < -32 * (1 << (15 - integer_bits)), 0, result)
    return np.where(x == 0, ONE, result)


def _newton(x: Int64s) -> Int64s:
    d = (x + 2**15) // 2
    y = round(2**13 * 48 / 17) + _mul(d, round(-(2**13) * 32 / 17))
    for _ in range(3):
        y = y + _saturate(4 * _mul(y, 2**13 - _mul(d, y)))
    return y


def _sigmoid(x: Int64s) -> Int64s:
    positive = _saturate(2 * _newton(_exp(-np.abs(x), 3)))
    return np.where(x == 0, 2**14, np.where(x > 0, positive, ONE - positive))


def _tanh(x: Int64s, integer_bits: int) -> Int64s:
    positive = _saturate(4 * (_newton(_exp(-np.abs(x), integer_bits + 1)) - 2**13))
    return np.sign(x) * positive


def test_sigmoid(c: ctypes.CDLL) -> None:
    found = np.array([c.tct_fixed_sigmoid_s16(int(x)) for x in ALL])
    np.testing.assert_array_equal(found, _sigmoid(ALL))
    assert np.abs(found / 2**15 - 1 / (1 + np.exp(-ALL / 2**12))).max() < 2.0**-11


@pytest.mark.parametrize("integer_bits", range(7))
def test_tanh(c: ctypes.CDLL, integer_bits: int) -> None:
    found = np.array([c.tct_fixed_tanh_s16(int(x), integer_bits) for x in ALL])
    np.testing.assert_array_equal(found, _tanh(ALL, integer_bits))
    real = np.tanh(ALL * 2.0 ** (integer_bits - 15))
    assert np.abs(found / 2**15 - real).max() < 2.0**-10
