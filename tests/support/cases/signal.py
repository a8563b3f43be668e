"""Cases of signal operators: unsigned inputs with extremes of their own, flexbuffer options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.cases.kernels import Array
from support.cases.wide import WideCases
from support.models.signal_files import SUBTRACTION, filter_tables, signal_op


class SignalCases(WideCases):
    """As `WideCases`; ``codes`` names the operators, all of them if it is empty."""

    def __init__(self, seed: int, *codes: str, count: int = 6) -> None:
        super().__init__(seed)
        for code in codes or ADDERS:
            for _ in range(count):
                ADDERS[code](self)

    def plain(self, shape: Sequence[int], dtype: str) -> int:
        return self.builder.tensor(shape, dtype)

    def constant(self, data: Array) -> int:
        return self.builder.tensor(data.shape, data.dtype.name.upper(), data=data)

    def signal(
        self, code: str, inputs: list[int], outputs: list[int], **options: int | bool
    ) -> None:
        signal_op(self.builder, code, inputs, outputs, options)
        self._outputs += outputs
        self.labels += [f"{code} {options}"] * len(outputs)

    def size(self, high: int = 40) -> int:
        return int(self.rng.integers(1, high + 1))

    def _small(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind != "u":
            return super()._small(shape, dtype)
        return self.rng.integers(0, 5000, shape).astype(dtype)

    def _mixed(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind != "u":
            return super()._mixed(shape, dtype)
        largest = np.iinfo(dtype).max
        powers = [2**bit + more for bit in range(8 * dtype.itemsize) for more in (-1, 0, 1)]
        ends = np.array([min(value, largest) for value in powers], dtype)
        return self.rng.choice(ends, shape)


def _window(c: SignalCases) -> None:
    frames, size = c.shape(int(c.pick(0, 1, 2)), 4), c.size()
    window = c.constant(c.rng.integers(-(2**15), 2**15, size).astype("<i2"))
    x, y = c.plain_input([*frames, size], "int16"), c.plain([*frames, size], "INT16")
    c.signal("Window", [x, window], [y], shift=int(c.pick(0, 12, 15, c.rng.integers(32))))


def _auto_scale(c: SignalCases) -> None:
    size = c.size()
    x = c.plain_input([size], "int16")
    c.signal("FftAutoScale", [x], [c.plain([size], "INT16"), c.plain([], "INT32")])


def _rfft(c: SignalCases) -> None:
    frames, length = c.shape(int(c.pick(0, 1)), 3), 2 ** int(c.rng.integers(2, 11))
    samples = int(c.pick(length, c.rng.integers(1, length + 1)))
    x = c.plain_input([*frames, samples], "int16")
    y = c.plain([*frames, length + 2], "INT16")
    c.signal("Rfft", [x], [y], T=7, fft_length=length)


def _energy(c: SignalCases) -> None:
    size = c.size()
    x, y = c.plain_input([2 * size], "int16"), c.plain([size], "UINT32")
    # What is outside the range the runtime leaves as it was.
    c.signal("Energy", [x], [y], start_index=0, end_index=size)


def _filter_bank(c: SignalCases) -> None:
    frequencies, channels = c.size(60), c.size(10)
    tables = filter_tables(c.rng, frequencies, channels, int(c.pick(4096, 2**15 - 1)))
    x = c.plain_input([frequencies], "uint32")
    y = c.plain([channels], "UINT64")
    c.signal("FilterBank", [x, *map(c.constant, tables)], [y], num_channels=channels)


def _square_root(c: SignalCases) -> None:
    size = c.size()
    x, bits = c.plain_input([size], "uint64"), c.plain_input([], "int32")
    c.signal("FilterBankSquareRoot", [x, bits], [c.plain([size], "UINT32")])


def _subtraction(c: SignalCases) -> None:
    size = c.size()
    x = c.plain_input([size], "uint32")
    outputs = [c.plain([size], "UINT32"), c.plain([size], "UINT32")]
    options = {**SUBTRACTION, "num_channels": size, "clamping": bool(c.pick(True, False))}
    if c.pick(True, False):
        for name in ("smoothing", "one_minus_smoothing", "min_signal_remaining"):
            options[name] = int(c.rng.integers(-(2**31), 2**31))
        options["smoothing_bits"] = int(c.rng.integers(32))
        options["spectral_subtraction_bits"] = int(c.rng.integers(64))
    c.signal("FilterBankSpectralSubtraction", [x], outputs, **options)


def _pcan(c: SignalCases) -> None:
    size = c.size()
    gains = c.constant(c.rng.integers(-(2**15), 2**15, 125 + c.size(3)).astype("<i2"))
    x, noise = c.plain_input([size], "uint32"), c.plain_input([size], "uint32")
    y = c.plain([size], "UINT32")
    c.signal("PCAN", [x, noise, gains], [y], snr_shift=int(c.pick(6, c.rng.integers(64))))


def _log(c: SignalCases) -> None:
    size = c.size()
    x, y = c.plain_input([size], "uint32"), c.plain([size], "INT16")
    bits, scale = int(c.pick(0, 3, c.rng.integers(32))), int(c.pick(64, c.rng.integers(2**20)))
    c.signal("FilterBankLog", [x], [y], input_correction_bits=bits, output_scale=scale)


ADDERS = {
    "Energy": _energy,
    "FftAutoScale": _auto_scale,
    "FilterBank": _filter_bank,
    "FilterBankLog": _log,
    "FilterBankSpectralSubtraction": _subtraction,
    "FilterBankSquareRoot": _square_root,
    "PCAN": _pcan,
    "Rfft": _rfft,
    "Window": _window,
}
"""By name, what adds a case of an operator; of random shape, constants and options."""
