"""The arithmetic of signal operators on arrays, against stock TFLM."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from support.models.signal_files import signal_op
from support.models.tflite_files import Builder

from tinycompress.ir.signal_arithmetic import (
    auto_scaled,
    energies,
    logarithms,
    rounded_roots,
    shrunk,
    spectrum,
    windowed,
)
from tinycompress.oracle import Oracle

SIZE = 16
GAINS = np.random.default_rng(1).integers(-(2**15), 2**15, 125).astype("<i2")
WINDOW = np.random.default_rng(2).integers(-(2**15), 2**15, SIZE).astype("<i2")
Array = npt.NDArray[Any]


def values(dtype: str, size: int = SIZE) -> st.SearchStrategy[Array]:
    """Arrays with extremes, powers of two and what is beside them."""
    limits = np.iinfo(dtype)
    powers = [2**bit + more for bit in range(limits.bits) for more in (-1, 0, 1)]
    edges = [value for value in (limits.min, *powers) if value <= limits.max]
    elements = st.integers(int(limits.min), int(limits.max)) | st.sampled_from(edges)
    return stn.arrays(dtype, size, elements=elements)


@cache
def oracle(code: str, inputs: tuple[tuple[str, int], ...], outputs: tuple[tuple[str, int], ...],
           options: tuple[tuple[str, int], ...] = ()) -> Oracle:  # fmt: skip
    """One operator on stock TFLM; sizes of -1 are scalars."""
    b = Builder()

    def tensors(kinds: tuple[tuple[str, int], ...]) -> list[int]:
        return [b.tensor([n] if n > 0 else [], dtype.upper()) for dtype, n in kinds]

    given, written = tensors(inputs), tensors(outputs)
    constant = {"Window": WINDOW, "PCAN": GAINS}.get(code)
    constants = [] if constant is None else [b.tensor(constant.shape, "INT16", data=constant)]
    signal_op(b, code, [*given, *constants], written, dict(options))
    return Oracle(b.pack(given, written), "tflm")


@given(values("int16"))
def test_windows_scales_and_energies(x: Array) -> None:
    found = oracle("Window", (("int16", SIZE),), (("int16", SIZE),), (("shift", 12),)).run(x)
    np.testing.assert_array_equal(windowed(x, WINDOW, 12), found[0])
    scaled = oracle("FftAutoScale", (("int16", SIZE),), (("int16", SIZE), ("int32", -1))).run(x)
    y, bits = auto_scaled(x)
    np.testing.assert_array_equal(y, scaled[0])
    assert bits == scaled[1]
    chosen = (("end_index", SIZE // 2), ("start_index", 0))
    power = oracle("Energy", (("int16", SIZE),), (("uint32", SIZE // 2),), chosen).run(x)
    np.testing.assert_array_equal(energies(x), power[0])


@pytest.mark.parametrize("length", [4, 8, 16, 32, 64, 512, 1024])
@given(st.data())
def test_spectra(length: int, data: st.DataObject) -> None:
    samples = data.draw(st.sampled_from([length, length - 1, length // 2 + 1]))
    x = data.draw(values("int16", samples))
    options = (("T", 7), ("fft_length", length))
    found = oracle("Rfft", (("int16", samples),), (("int16", length + 2),), options).run(x)
    np.testing.assert_array_equal(spectrum(x, length), found[0])


def test_a_spectrum_is_a_fourier_transform() -> None:
    x = np.random.default_rng(3).integers(-(2**13), 2**13, 512).astype(np.int16)
    found = spectrum(x, 512).reshape(-1, 2)
    expected = np.fft.rfft(x) / 512
    assert np.abs(found[:, 0] - expected.real).max() < 4
    assert np.abs(found[:, 1] - expected.imag).max() < 4


@given(values("uint64"))
def test_square_roots(x: Array) -> None:
    bits = np.array(0, np.int32)
    inputs = (("uint64", SIZE), ("int32", -1))
    found = oracle("FilterBankSquareRoot", inputs, (("uint32", SIZE),)).run(x, bits)
    np.testing.assert_array_equal(rounded_roots(x), found[0])


@given(values("uint32"), values("uint32"))
def test_gains(x: Array, noise: Array) -> None:
    inputs = (("uint32", SIZE), ("uint32", SIZE))
    found = oracle("PCAN", inputs, (("uint32", SIZE),), (("snr_shift", 6),)).run(x, noise)
    np.testing.assert_array_equal(shrunk(x, noise, GAINS, 6), found[0])


@pytest.mark.parametrize(("bits", "scale"), [(3, 64), (0, 1), (17, 2**30)])
@given(x=values("uint32"))
def test_logarithms(bits: int, scale: int, x: Array) -> None:
    options = (("input_correction_bits", bits), ("output_scale", scale))
    found = oracle("FilterBankLog", (("uint32", SIZE),), (("int16", SIZE),), options).run(x)
    np.testing.assert_array_equal(logarithms(x, bits, scale), found[0])
