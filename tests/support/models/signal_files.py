"""Signal operators in ``.tflite`` files, with options as the flatbuffers package writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flatbuffers import flexbuffers

from support.models.tflite_files import Array, Builder

SUBTRACTION = {
    "alternate_one_minus_smoothing": 15401,
    "alternate_smoothing": 983,
    "clamping": False,
    "min_signal_remaining": 819,
    "num_channels": 40,
    "one_minus_smoothing": 15975,
    "smoothing": 409,
    "smoothing_bits": 10,
    "spectral_subtraction_bits": 14,
}
"""Options of SignalFilterBankSpectralSubtraction, as micro_speech's preprocessor has them."""
RFFT = {"T": 7, "fft_length": 16}


def flexbuffer(options: dict[str, int | bool]) -> bytes:
    """A map; its keys come out in alphabetical order."""
    return bytes(flexbuffers.Dumps(options))


def signal_op(
    builder: Builder,
    code: str,
    inputs: Sequence[int],
    outputs: Sequence[int],
    options: dict[str, int | bool] | None = None,
) -> None:
    """Add a signal operator."""
    op = builder.op("CUSTOM", inputs, outputs, custom_code=f"Signal{code}")
    op.customOptions = np.frombuffer(flexbuffer(options or {}), np.uint8)


def filter_tables(
    rng: np.random.Generator, frequencies: int, channels: int, largest: int = 4096
) -> list[Array]:
    """Weights, unweights, first frequencies, first weights and widths of random bands."""
    widths = rng.integers(0, max(1, frequencies // 2), channels + 1)
    starts = rng.integers(0, frequencies - widths + 1)
    total = int(widths.sum()) + int(rng.integers(1, 4))
    weight_starts = rng.integers(0, total - widths + 1)
    weights, unweights = rng.integers(-largest, largest + 1, (2, total))
    # Bands that are filled up with zeros, as in real files.
    weights[rng.random(total) < 0.3] = 0
    unweights[rng.random(total) < 0.3] = 0
    tables = (weights, unweights, starts, weight_starts, widths)
    return [table.astype("<i2") for table in tables]
