"""Functions in fixed point, as gemmlowp and TFLite define them, to the last bit.

They stand on `tinycompress.ir.arithmetic`. Sources: gemmlowp's ``fixedpoint/fixedpoint.h`` and
TFLite's ``kernels/internal/common.h``, whose constants and order of steps are reproduced because
the results must be the same to the last bit.
"""

from __future__ import annotations

import math

from tinycompress.ir.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    clamp,
    exp_on_negative_values,
    multiply_by_quantized_multiplier_double,
    one_over_one_plus_x,
    round_half_away,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    saturating_rounding_multiply_by_pot,
    wrap_int32,
)

_INPUT_INTEGER_BITS = 4


# --- sums of 64 bits ------------------------------------------------------------------------------


def reduced_multiplier(multiplier: int) -> int:
    """The upper 16 bits of a 31-bit multiplier, to nearest and limited to 15 bits."""
    return (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF


def multiply_reduced(value: int, multiplier: int, shift: int) -> int:
    """``value * multiplier * 2**(shift - 15)``, halves upwards, modulo 2^32.

    As stock kernels rescale an ``int64``: ``multiplier`` has 15 bits, ``-31 <= shift <= 7``.
    """
    return wrap_int32((value * multiplier + (1 << (14 - shift))) >> (15 - shift))


def log2_if_whole(value: float) -> int | None:
    """The binary logarithm of a positive number if it is whole to within 1/1000."""
    exact = math.log(value) * (1.0 / math.log(2.0))
    rounded = round_half_away(exact)
    return rounded if abs(exact - rounded) < 1e-3 else None


# --- LOGISTIC and TANH ----------------------------------------------------------------------------


def logistic(a: int) -> int:
    """1 / (1 + exp(-x)) of a Q4.27, as a Q0.31."""
    if a == 0:
        return 1 << 30
    positive = one_over_one_plus_x(exp_on_negative_values(-abs(a), _INPUT_INTEGER_BITS))
    return positive if a > 0 else INT32_MAX - positive


def tanh(a: int) -> int:
    """tanh of a Q4.27, as a Q0.31."""
    if a == 0:
        return 0
    # Twice a Q4.27 is the same number as a Q5.26.
    magnitude = one_minus_x_over_one_plus_x(exp_on_negative_values(-abs(a), 5))
    return magnitude if a > 0 else -magnitude


def one_minus_x_over_one_plus_x(a: int) -> int:
    """(1 - x) / (1 + x) of a Q0.31 in [0, 1), as a Q0.31: three Newton-Raphson steps."""
    mul, shift = saturating_rounding_doubling_high_mul, saturating_rounding_multiply_by_pot
    half_denominator = (a + INT32_MAX + 1) >> 1
    x = 1515870810 + mul(half_denominator, -1010580540)  # 48/17 - 32/17 * d in Q2.29
    for _ in range(3):
        x += shift(mul(x, (1 << 29) - mul(half_denominator, x)), 2)
    return shift(x - (1 << 29), 2)


def _q4_input(input_scale: float) -> tuple[int, int, int]:
    """Multiplier and shift that bring stored inputs to Q4.27, and where the function saturates."""
    fraction, shift = math.frexp(input_scale * (1 << (31 - _INPUT_INTEGER_BITS)))
    multiplier = round_half_away(fraction * 2**31)
    if multiplier == 2**31 or not -31 <= shift <= 30:
        raise ValueError(f"input scale {input_scale:g}")
    largest = ((1 << _INPUT_INTEGER_BITS) - 1) * 2.0 ** (31 - _INPUT_INTEGER_BITS - shift)
    return multiplier, shift, math.floor(largest)


def logistic_table(input_scale: float, zero_point: int) -> tuple[int, ...]:
    """LOGISTIC of every int8 at output scale 1/256, zero point -128.

    Raises:
        ValueError: The input scale is beyond what can be brought to fixed point.
    """
    multiplier, shift, radius = _q4_input(input_scale)

    def stored(value: int) -> int:
        if abs(value) >= radius:
            return INT8_MIN if value <= -radius else INT8_MAX
        scaled = multiply_by_quantized_multiplier_double(value, multiplier, shift)
        return clamp(rounding_divide_by_pot(logistic(scaled), 23) - 128, INT8_MIN, INT8_MAX)

    return tuple(stored(value - zero_point) for value in range(INT8_MIN, INT8_MAX + 1))


def tanh_table(input_scale: float, zero_point: int) -> tuple[int, ...]:
    """TANH of every int8 at output scale 1/128, zero point 0.

    Raises:
        ValueError: The input scale is beyond what can be brought to fixed point.
    """
    multiplier, shift, radius = _q4_input(input_scale)

    def stored(value: int) -> int:
        if abs(value) >= radius:
            return INT8_MIN if value <= -radius else INT8_MAX
        scaled = multiply_by_quantized_multiplier_double(value, multiplier, shift)
        return clamp(rounding_divide_by_pot(tanh(scaled), 24), INT8_MIN, INT8_MAX)

    return tuple(stored(value - zero_point) for value in range(INT8_MIN, INT8_MAX + 1))


# --- HARD_SWISH -----------------------------------------------------------------------------------


def downscale_multiplier(multiplier: int) -> int:
    """A 31-bit multiplier as a 15-bit one, rounded."""
    half = 1 << 15
    return 2**15 - 1 if multiplier >= INT32_MAX - half else (multiplier + half) >> 16


def hard_swish_element(
    value: int, output_multiplier: int, output_exponent: int, reluish: int, reluish_exponent: int
) -> int:
    """HARD_SWISH of a stored value less its zero point, before the output's zero point is added.

    All in int16, with 15-bit multipliers: ``output_multiplier`` for 1/128 input step in output
    steps, ``reluish`` for it in steps of 3 / 2^15.
    """
    hires = value << 7
    preshift = _rounding_high_mul_16(hires, output_multiplier)
    gate = hires
    if reluish_exponent > 0:
        gate = _saturate_16(gate << (reluish_exponent - 1))
    gate = _rounding_high_mul_16(gate, reluish)
    if reluish_exponent > 0:
        gate = _saturate_16(gate << 1)
    if reluish_exponent < 0:
        gate = rounding_divide_by_pot(gate, -reluish_exponent)
    gate = (gate + (1 << 15)) >> 1
    product = _truncated(gate * preshift, 1 << 15)
    return rounding_divide_by_pot(product, -output_exponent)


def _truncated(value: int, divisor: int) -> int:
    return value // divisor if value >= 0 else -(-value // divisor)


def _rounding_high_mul_16(a: int, b: int) -> int:
    product = a * b
    nudge = 1 << 14 if product >= 0 else 1 - (1 << 14)
    return _truncated(product + nudge, 1 << 15)


def _saturate_16(value: int) -> int:
    return clamp(value, -(2**15), 2**15 - 1)


# --- reciprocal square root -----------------------------------------------------------------------


def inverse_sqrt_multiplier(value: int) -> tuple[int, int]:
    """1 / sqrt of a non-negative int32 as ``multiplier * 2**(shift - 31)``; that of 0 is 1."""
    if value <= 1:
        return INT32_MAX, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    root = _newton_inverse_sqrt(value >> 1)
    root = saturating_rounding_doubling_high_mul(root, 1518500250)  # sqrt(2) / 2
    if shift < 0:
        return wrap_int32(root << -shift), 0
    return root, -shift


def _newton_inverse_sqrt(value: int) -> int:
    """1 / sqrt of a Q3.28 in [1/4, 1), as a Q3.28: five Newton-Raphson steps from 1."""
    mul, shift = saturating_rounding_doubling_high_mul, saturating_rounding_multiply_by_pot
    half = rounding_divide_by_pot(value, 1)
    three_halves = (1 << 28) + (1 << 27)
    x = 1 << 28
    for _ in range(5):
        cube = shift(mul(mul(x, x), x), 6)
        x = shift(mul(three_halves, x) - mul(half, cube), 3)
    return x
