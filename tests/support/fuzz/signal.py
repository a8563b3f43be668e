"""Random signal operators: int8 becomes what they work on, and their output int8 again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from support.cases.kernels import options
from support.fuzz.graphs import Activation, Emitter, Found, GraphMaker
from support.models.signal_files import SUBTRACTION, filter_tables, signal_op

_MOST = 256
"""Elements that a chain works on: spectra are larger."""
Chain = Callable[[GraphMaker, int, int], "tuple[int, int] | None"]
"""From a vector of int16 or uint32 and its size to an int16, int32 or uint32 output of a size."""


def _tensor(g: GraphMaker, size: int, dtype: str) -> int:
    return g.builder.tensor([size], dtype)


def _constant(g: GraphMaker, low: int, high: int, size: int) -> int:
    data = g.rng.integers(low, high, size).astype("<i2")
    return g.builder.tensor([size], "INT16", data=data)


def _cast(g: GraphMaker, x: int, size: int, dtype: str) -> int:
    y = _tensor(g, size, dtype)
    g.builder.op("CAST", [x], [y], options("Cast"))
    return y


def _emitter(chain: Chain, dtype: str) -> Emitter:
    """Stored values in, stored values out: nothing is scaled."""

    def emit(g: GraphMaker, x: Activation) -> Found:
        if g.exact_to == "litert" or x.elements > _MOST:
            return None
        flat = g.put("RESHAPE", [x, g.int32([x.elements])], [x.elements], options("Reshape"),
                     scale=x.scale, zero=x.zero)  # fmt: skip
        assert flat is not None
        found = chain(g, _cast(g, flat.index, x.elements, dtype), x.elements)
        g.use(flat)
        if found is None:
            return None
        index, size = found
        return g.put("CAST", [index], [size], options("Cast"), scale=g.scale())

    return emit


def _window(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    y = _tensor(g, size, "INT16")
    window = _constant(g, -(2**15), 2**15, size)
    signal_op(g.builder, "Window", [x, window], [y], {"shift": int(g.rng.integers(16))})
    return y, size


def _auto_scale(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    y, bits = _tensor(g, size, "INT16"), g.builder.tensor([], "INT32")
    signal_op(g.builder, "FftAutoScale", [x], [y, bits])
    g.end(bits)
    return y, size


def _spectrum(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    length = 4
    while length < size:
        length *= 2
    y = _tensor(g, length + 2, "INT16")
    signal_op(g.builder, "Rfft", [x], [y], {"T": 7, "fft_length": length})
    return y, length + 2


def _energy(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    spectrum, numbers = _spectrum(g, x, size)
    y, count = _tensor(g, numbers // 2, "UINT32"), numbers // 2
    signal_op(g.builder, "Energy", [spectrum], [y], {"start_index": 0, "end_index": count})
    return y, count


def _bank(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    channels = int(g.rng.integers(1, 9))
    tables = [
        g.builder.tensor(table.shape, "INT16", data=table)
        for table in filter_tables(g.rng, size, channels)
    ]
    sums, y = _tensor(g, channels, "UINT64"), _tensor(g, channels, "UINT32")
    bits = g.builder.tensor([], "INT32", data=np.array(int(g.rng.integers(8)), "<i4"))
    signal_op(g.builder, "FilterBank", [x, *tables], [sums], {"num_channels": channels})
    signal_op(g.builder, "FilterBankSquareRoot", [sums, bits], [y])
    return y, channels


def _subtraction(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    y, noise = _tensor(g, size, "UINT32"), _tensor(g, size, "UINT32")
    chosen = {**SUBTRACTION, "num_channels": size, "clamping": g.chance(0.5)}
    signal_op(g.builder, "FilterBankSpectralSubtraction", [x], [y, noise], chosen)
    g.end(noise)
    return y, size


def _pcan(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    y = _tensor(g, size, "UINT32")
    gains = _constant(g, -(2**15), 2**15, 125)
    signal_op(g.builder, "PCAN", [x, x, gains], [y], {"snr_shift": int(g.rng.integers(32))})
    return y, size


def _log(g: GraphMaker, x: int, size: int) -> tuple[int, int]:
    y = _tensor(g, size, "INT16")
    chosen = {"input_correction_bits": int(g.rng.integers(8)), "output_scale": 64}
    signal_op(g.builder, "FilterBankLog", [x], [y], chosen)
    return y, size


SIGNAL: dict[str, Emitter] = {
    "CUSTOM:SignalEnergy after CUSTOM:SignalRfft": _emitter(_energy, "INT16"),
    "CUSTOM:SignalFftAutoScale": _emitter(_auto_scale, "INT16"),
    "CUSTOM:SignalFilterBank + CUSTOM:SignalFilterBankSquareRoot": _emitter(_bank, "UINT32"),
    "CUSTOM:SignalFilterBankLog": _emitter(_log, "UINT32"),
    "CUSTOM:SignalPCAN": _emitter(_pcan, "UINT32"),
    "CUSTOM:SignalRfft": _emitter(_spectrum, "INT16"),
    "CUSTOM:SignalWindow": _emitter(_window, "INT16"),
}
SIGNAL_STATE: dict[str, Emitter] = {
    "CUSTOM:SignalFilterBankSpectralSubtraction": _emitter(_subtraction, "UINT32"),
}
