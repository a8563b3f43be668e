"""The features of TensorFlow Lite Micro's micro_speech: 40 of each window of 30 ms.

They are what ``audio_preprocessor_int8.tflite`` computes on the device, in the integer arithmetic
of TFLM's signal operators. Source of the method: Y. Wang et al., "Trainable Frontend For Robust and
Far-Field Keyword Spotting", 2017 (PCAN).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tinycompress.errors import ConfigError
from tinycompress.features.tables import (
    CHANNELS,
    FFT_LENGTH,
    SAMPLE_RATE_HZ,
    SCALE_BITS,
    WINDOW_SAMPLES,
    hann_window,
    mel_filters,
    pcan_gains,
)
from tinycompress.ir.signal_arithmetic import (
    auto_scaled,
    energies,
    logarithms,
    rounded_roots,
    shrunk,
    spectrum,
    windowed,
)

FeatureType = Literal["int8", "float32"]

_SMOOTHING = np.array([409, 983] * (CHANNELS // 2), np.uint64)
"""0.025 for even channels and 0.06 for odd ones, with 14 fractional bits."""
_ONE = np.uint64(2**14)
_BITS = np.uint64(14)
_LEAST = np.uint64(819)
"""What remains of a signal at least: 0.05."""
_NOISE_BITS = np.uint32(10)
"""Bits of the estimate of the noise beyond those of the signal."""
_SNR_SHIFT, _CORRECTION_BITS, _LOG_SCALE = 6, 3, 64
_FLOAT_SCALE = np.float32(25.6)
_INT8_RANGE = 666
"""The logarithms that 256 steps of int8 are: 25.6 x 26."""
_AT_ONCE = 4096
"""Windows that are transformed together: more would only take memory."""


def micro_speech(
    samples: npt.ArrayLike, *, stride_ms: int = 20, dtype: FeatureType = "int8"
) -> npt.NDArray[np.int8] | npt.NDArray[np.float32]:
    """Features of micro_speech's front end, byte for byte those of the firmware.

    Every clip begins with the estimate of the noise at 0, as the firmware after a reset. Models of
    micro_speech take 49 windows of 30 ms every 20 ms, those of microWakeWord windows every 10 ms.

    Args:
        samples: int16 at 16 kHz, ``[..., samples]``: one clip, or many of the same length.
        stride_ms: Milliseconds from one window to the next.
        dtype: ``int8``, or ``float32``: the same features before they become int8, 0 to 26.

    Returns:
        ``[..., windows, 40]``, with ``windows = 1 + (samples - 480) // (16 * stride_ms)``.

    Raises:
        ConfigError: The samples are not int16 or fewer than a window has, or an option is wrong.
    """
    clips = np.asarray(samples)
    _check(clips, stride_ms, dtype)
    frames = np.lib.stride_tricks.sliding_window_view(clips, WINDOW_SAMPLES, axis=-1)
    frames = frames[..., :: stride_ms * SAMPLE_RATE_HZ // 1000, :]
    shape = frames.shape[:-1]
    flat = frames.reshape(-1, WINDOW_SAMPLES)
    bands = np.concatenate(
        [_bands(flat[begin : begin + _AT_ONCE]) for begin in range(0, len(flat), _AT_ONCE)]
    )
    found = _logarithms(bands.reshape(*shape, CHANNELS))
    if dtype == "float32":
        real: npt.NDArray[np.float32] = found.astype(np.float32) / _FLOAT_SCALE
        return real
    steps = (found.astype(np.int32) * 256 + _INT8_RANGE // 2) // _INT8_RANGE
    stored: npt.NDArray[np.int8] = np.clip(steps - 128, -128, 127).astype(np.int8)
    return stored


def _check(clips: npt.NDArray[np.generic], stride_ms: int, dtype: str) -> None:
    if clips.dtype != np.int16:
        raise ConfigError(
            f"the samples are {clips.dtype}, must be int16",
            hint="of floats within -1 to 1: (samples * 32767).astype('int16')",
        )
    if clips.ndim == 0 or clips.shape[-1] < WINDOW_SAMPLES:
        raise ConfigError(
            f"the samples have shape {list(clips.shape)}: a clip must have at least"
            f" {WINDOW_SAMPLES}, one window of 30 ms"
        )
    if 0 in clips.shape:
        raise ConfigError(f"the samples have shape {list(clips.shape)}: there is no clip")
    if stride_ms < 1:
        raise ConfigError(f"stride_ms is {stride_ms}, must be at least 1")
    if dtype not in get_args(FeatureType):
        allowed = ", ".join(get_args(FeatureType))
        raise ConfigError(f"unknown dtype '{dtype}' (allowed: {allowed})")


def _bands(frames: npt.NDArray[np.int16]) -> npt.NDArray[np.uint32]:
    """The magnitudes of the mel bands of windows: ``[windows, 480]`` to ``[windows, 40]``."""
    scaled, bits = auto_scaled(windowed(frames, hann_window(), SCALE_BITS))
    power = energies(spectrum(scaled, FFT_LENGTH)).astype(np.uint64)
    sums = power @ mel_filters().astype(np.uint64)
    return rounded_roots(sums) >> bits[:, None].astype(np.uint32)


def _logarithms(bands: npt.NDArray[np.uint32]) -> npt.NDArray[np.int16]:
    """What is above the noise, normalised: ``[..., windows, 40]``. Windows follow each other."""
    noise = np.zeros((*bands.shape[:-2], CHANNELS), np.uint64)
    found = np.empty(bands.shape, np.int16)
    for window in range(bands.shape[-2]):
        signal = bands[..., window, :]
        louder = signal << _NOISE_BITS
        noise = (louder * _SMOOTHING + noise * (_ONE - _SMOOTHING)) >> _BITS
        left = (louder - np.minimum(noise, louder).astype(np.uint32)) >> _NOISE_BITS
        least = ((signal.astype(np.uint64) * _LEAST) >> _BITS).astype(np.uint32)
        cleaned = np.maximum(left, least)
        gained = shrunk(cleaned, noise.astype(np.uint32), pcan_gains(), _SNR_SHIFT)
        found[..., window, :] = logarithms(gained, _CORRECTION_BITS, _LOG_SCALE)
    return found
