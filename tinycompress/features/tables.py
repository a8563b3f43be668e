"""Tables of micro_speech's front end: window, mel filters, gains.

They are those of the audio preprocessor of TensorFlow Lite Micro's micro_speech example, computed
from its parameters.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from tinycompress.ir.signal_arithmetic import GAINS

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 480
FFT_LENGTH = 512
CHANNELS = 40
SCALE_BITS = 12
"""Fractional bits of window and filters."""
_LOWER_HZ, _UPPER_HZ = 125.0, 7500.0
_STRENGTH, _OFFSET, _GAIN_BITS, _INPUT_BITS = 0.95, 80.0, 21, 7
"""PCAN: gain = (noise + offset) ^ -strength; bits behind the point of gain and noise."""

Int16s = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


@cache
def hann_window() -> Int16s:
    """``[480]``: a Hann window, sampled at the middle of each step."""
    angles = 2 * np.pi / WINDOW_SAMPLES * (np.arange(WINDOW_SAMPLES) + 0.5)
    window: Int16s = np.round((0.5 - 0.5 * np.cos(angles)) * 2**SCALE_BITS).astype(np.int16)
    return window


def _mel(hz: npt.ArrayLike) -> Floats:
    """The mel scale of O'Shaughnessy, in single precision."""
    scaled = np.asarray(hz, np.float32) / np.float32(700)
    mel: Floats = (np.float32(1127) * np.log1p(scaled)).astype(np.float32)
    return mel


@cache
def mel_filters() -> npt.NDArray[np.int64]:
    """``[257, 40]``: triangles between neighbouring centres that are equally far apart in mel.

    A frequency gives its weight to the channel whose centre is above it, and what is left of 1 to
    the one below.
    """
    spectrum = FFT_LENGTH // 2 + 1
    bin_hz = SAMPLE_RATE_HZ / 2 / (spectrum - 1)
    low, high = _mel(_LOWER_HZ), _mel(_UPPER_HZ)
    steps = np.arange(CHANNELS + 2, dtype=np.float32)
    centres = low + (high - low) / np.float32(CHANNELS + 1) * steps
    filters = np.zeros((spectrum, CHANNELS), np.int64)
    for bin_ in range(round(1 + _LOWER_HZ / bin_hz), spectrum):
        mel = _mel(bin_ * bin_hz)
        band = int(np.searchsorted(centres[1:], mel))
        if band > CHANNELS:
            break
        share = float((centres[band + 1] - mel) / (centres[band + 1] - centres[band]))
        for channel, part in ((band - 1, share), (band, 1 - share)):
            if 0 <= channel < CHANNELS:
                filters[bin_, channel] = int(part * 2**SCALE_BITS)
    return filters


@cache
def pcan_gains() -> Int16s:
    """``[125]``: gains of 0, 1 and 2, and for each power of two a parabola through three gains."""
    found = [_gain(0), _gain(1)]
    for bits in range(2, 33):
        begin = 2 ** (bits - 1)
        first, middle, last = (
            _gain(x) for x in (begin, begin + begin // 2, min(2 * begin, 2**32 - 1))
        )
        slope = 4 * (middle - first) - (last - first)
        found += [first, slope, last - first - slope, 0]
    return np.array(found[:GAINS], np.int16)


def _gain(noise: int) -> int:
    real = np.float32(noise) / np.float32(2**_INPUT_BITS) + np.float32(_OFFSET)
    gain = np.float32(2**_GAIN_BITS) * np.power(real, np.float32(-_STRENGTH))
    return min(int(gain + np.float32(0.5)), 2**15 - 1)
