"""The arithmetic of TFLM's signal operators on arrays, and the tables that it needs.

Every function works along the last dimension and gives the bytes of the stock kernels; the firmware
has the same arithmetic in ``kernels/signal``. Leading dimensions are independent of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, floor, log2, pi, sin
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Int16s = npt.NDArray[np.int16]
Uint16s = npt.NDArray[np.uint16]
Uint32s = npt.NDArray[np.uint32]
Uint64s = npt.NDArray[np.uint64]

GAINS = 125
"""Numbers of PCAN's table: for 0, 1 and 2, then four for each further power of two."""
LOG_SEGMENTS = 128
_ONE = 2**15 - 1
"""What stands for 1 in Q0.15."""
_HALF, _QUARTER = _ONE // 2, _ONE // 4
_LN_2 = 45_426
"""The natural logarithm of 2 with 16 fractional bits."""

# --- tables ---------------------------------------------------------------------------------------


def _roots_of_unity(angles: Iterable[float]) -> Int16s:
    """Complex numbers in Q0.15, halves upwards: ``[angles, 2]``."""
    return np.array(
        [[floor(0.5 + _ONE * part(angle)) for part in (cos, sin)] for angle in angles], np.int16
    )


def transform_roots(points: int) -> Int16s:
    """Roots for the stages of a transform of ``points``: those that a radix of 4 reaches."""
    return _roots_of_unity(-2 * pi * k / points for k in range(max(1, points * 3 // 4)))


def split_roots(points: int) -> Int16s:
    """Roots that take the spectra of even and odd samples apart."""
    return _roots_of_unity(-pi * ((k + 1) / points + 0.5) for k in range(points // 2))


def log_excess() -> Uint16s:
    """By how much a binary logarithm is above the line between two powers of two, 16 bits."""
    ratios = [1 + segment / LOG_SEGMENTS for segment in range(LOG_SEGMENTS + 1)]
    return np.array([round((log2(x) - (x - 1)) * 2**16) for x in ratios], np.uint16)


# --- from samples to energies ---------------------------------------------------------------------


def windowed(samples: Int16s, window: Int16s, shift: int) -> Int16s:
    """SignalWindow: products, shifted and saturated."""
    products = (samples.astype(np.int32) * window) >> shift
    found: Int16s = np.clip(products, -(2**15), 2**15 - 1).astype(np.int16)
    return found


def auto_scaled(samples: Int16s) -> tuple[Int16s, npt.NDArray[np.int32]]:
    """SignalFftAutoScale: shifted samples, and by how many bits each vector was shifted."""
    values = samples.astype(np.int32)
    largest = np.asarray(np.abs(values).max(axis=-1))
    odd = (values == -(2**15)).any(axis=-1)
    largest[odd] = _largest_in_16_bits(values[odd])
    bits = np.where(largest > 0, 15 - np.frexp(np.maximum(largest, 1))[1], 0).astype(np.int32)
    return (values << bits[..., None]).astype(np.int16), bits


def _largest_in_16_bits(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The largest magnitude where that of -32768 is -32768, which any later value exceeds."""
    largest = np.zeros(values.shape[:-1], np.int32)
    for value in np.moveaxis(values, -1, 0):
        negated = (-value).astype(np.int16).astype(np.int32)
        largest = np.where(value > largest, value, np.where(-value > largest, negated, largest))
    return largest


def spectrum(samples: Int16s, length: int) -> Int16s:
    """SignalRfft: ``length`` a power of two from 4 on; zeros follow the samples.

    Returns:
        ``[..., length + 2]``: real and imaginary parts in turn.
    """
    padding = [(0, 0)] * (samples.ndim - 1) + [(0, length - samples.shape[-1])]
    pairs = np.pad(samples, padding).reshape(*samples.shape[:-1], length // 2, 2)
    return _split(_transformed(pairs.astype(np.int32))).reshape(*samples.shape[:-1], length + 2)


def _transformed(points: Array) -> Array:
    """The transform of complex int32 ``[..., N, 2]``, by stages of radix 4 and one of radix 2."""
    count = points.shape[-2]
    found = points[..., _sources(count), :]
    step = 1
    if (count.bit_length() - 1) % 2:
        a, b = np.moveaxis(_scaled(found, _HALF).reshape(*found.shape[:-2], -1, 2, 2), -2, 0)
        found = np.stack([_wrapped(a + b), _wrapped(a - b)], axis=-2).reshape(found.shape)
        step = 2
    roots = transform_roots(count).astype(np.int32)
    while step < count:
        found = _radix_4(found, step, roots)
        step *= 4
    return found


def _sources(count: int) -> npt.NDArray[np.intp]:
    """For each point, which pair of samples it begins as: digits of base 4 in reverse order."""
    left, digits = count.bit_length() - 1, []
    while left:
        digits.append(2 if left > 1 else 1)
        left -= digits[-1]
    order = np.arange(count).reshape([2**bits for bits in reversed(digits)])
    found: npt.NDArray[np.intp] = order.transpose(*reversed(range(len(digits)))).reshape(-1)
    return found


def _radix_4(points: Array, step: int, roots: Array) -> Array:
    count = points.shape[-2]
    parts = _scaled(points, _QUARTER).reshape(*points.shape[:-2], -1, 4, step, 2)
    a, b, c, d = np.moveaxis(parts, -3, 0)
    first = np.arange(step) * (count // (4 * step))
    b, c, d = (_product(x, roots[k * first]) for k, x in ((1, b), (2, c), (3, d)))
    even, odd = _wrapped(a + c), _wrapped(b + d)
    u, v = _wrapped(a - c), _wrapped(b - d)
    turned = np.stack([v[..., 1], -v[..., 0]], axis=-1)
    crossed = [even + odd, u + turned, even - odd, u - turned]
    return np.stack([_wrapped(x) for x in crossed], axis=-3).reshape(points.shape)


def _split(points: Array) -> Int16s:
    """The spectrum of real samples from that of their pairs: ``[..., N + 1, 2]``."""
    count = points.shape[-2]
    found = np.zeros((*points.shape[:-2], count + 1, 2), np.int16)
    mean = _scaled(points[..., 0, :], _HALF)
    found[..., 0, 0] = _wrapped(mean[..., 0] + mean[..., 1])
    found[..., count, 0] = _wrapped(mean[..., 0] - mean[..., 1])
    low = np.arange(1, count // 2 + 1)
    mirrored = points[..., count - low, :]
    conjugate = _wrapped(np.stack([mirrored[..., 0], -mirrored[..., 1]], axis=-1))
    one, other = _scaled(points[..., low, :], _HALF), _scaled(conjugate, _HALF)
    total = _wrapped(one + other)
    turned = _product(_wrapped(one - other), split_roots(count).astype(np.int32))
    found[..., low, :] = (total + turned) >> 1
    high = np.stack([total[..., 0] - turned[..., 0], turned[..., 1] - total[..., 1]], axis=-1) >> 1
    found[..., count - low, :] = high
    return found


def _rounded(products: Array) -> Array:
    """Products of two Q0.15, halves upwards, modulo 2^16."""
    return _wrapped((products + 2**14) >> 15)


def _wrapped(values: Array) -> Array:
    return values.astype(np.int16).astype(np.int32)


def _scaled(values: Array, factor: int) -> Array:
    return _rounded(values * factor)


def _product(x: Array, y: Array) -> Array:
    re = x[..., 0] * y[..., 0] - x[..., 1] * y[..., 1]
    im = x[..., 0] * y[..., 1] + x[..., 1] * y[..., 0]
    return _rounded(np.stack([re, im], axis=-1))


def energies(numbers: Int16s) -> Uint32s:
    """SignalEnergy: squared magnitudes of complex numbers, parts in turn."""
    re, im = numbers[..., ::2].astype(np.int64), numbers[..., 1::2].astype(np.int64)
    return (re * re + im * im).astype(np.uint32)


# --- from energies to features --------------------------------------------------------------------


def rounded_roots(values: Uint64s) -> Uint32s:
    """SignalFilterBankSquareRoot, not yet shifted: to nearest, below 2^16 for 32 bits."""
    most = np.uint64(2**32 - 1)
    root = np.minimum(np.sqrt(values.astype(np.float64)).astype(np.uint64), most)
    one = np.uint64(1)
    # In double precision the root of 64 bits may be off by one.
    root = root - (root * root > values)
    root = root + ((root < most) & ((root + one) * (root + one) <= values))
    largest = np.where(values >> np.uint64(32) == 0, np.uint64(2**16 - 1), most)
    found: Uint32s = (root + ((values - root * root > root) & (root != largest))).astype(np.uint32)
    return found


def shrunk(signal: Uint32s, noise: Uint32s, gains: Int16s, snr_shift: int) -> Uint32s:
    """SignalPCAN: signals times gains that the noise decides, and shrunk."""
    factors = _gain(noise, gains.astype(np.int32)).astype(np.uint64) & np.uint64(2**32 - 1)
    ratio = ((signal.astype(np.uint64) * factors) >> np.uint64(snr_shift)).astype(np.uint32)
    squared = (ratio * ratio) >> np.uint32(20)
    line = (ratio >> np.uint32(6)) - np.uint32(2**6)
    found: Uint32s = np.where(ratio < 2**13, squared, line).astype(np.uint32)
    return found


def _gain(x: Uint32s, gains: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """A parabola between two powers of two, in 16 bits."""
    bits = np.frexp(x.astype(np.float64))[1]
    at = np.where(x > 2, 4 * bits - 6, 0)
    wide = x.astype(np.int64)
    fraction = np.where(
        bits < 11, wide << np.maximum(11 - bits, 0), wide >> np.maximum(bits - 11, 0)
    )
    fraction &= 0x3FF
    slope = ((gains[at + 2] * fraction) >> 5) + gains[at + 1] * 32
    curve = (((slope * fraction + 2**14) >> 15) + gains[at]).astype(np.int16)
    return np.where(x > 2, curve, gains[np.minimum(x, 2)]).astype(np.int16).astype(np.int64)


def _shifted(values: npt.NDArray[np.int64], bits: Array) -> npt.NDArray[np.int64]:
    """Values shifted to the left, or to the right by as many bits as ``bits`` is below 0."""
    return np.where(bits > 0, values << np.maximum(bits, 0), values >> np.maximum(-bits, 0))


def logarithms(values: Uint32s, correction_bits: int, scale: int) -> Int16s:
    """SignalFilterBankLog: ``scale`` times the natural logarithm of shifted values, saturated."""
    x = (values << np.uint32(correction_bits)).astype(np.int64)
    whole = np.frexp(np.maximum(x, 1).astype(np.float64))[1].astype(np.int64) - 1
    above = np.maximum(x, 1) - (np.int64(1) << whole)
    fraction = _shifted(above, 16 - whole)
    table, segment = log_excess().astype(np.int64), fraction >> 9
    line = ((table[segment + 1] - table[segment]) * (fraction & 0x1FF)) >> 16
    binary = (whole << 16) + fraction + table[segment] + line
    natural = (_LN_2 * binary + 2**15) >> 16
    scaled = ((scale * natural + 2**15) & (2**32 - 1)) >> 16
    return np.where(x > 1, np.minimum(scaled, 2**15 - 1), 0).astype(np.int16)
