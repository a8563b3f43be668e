"""The integer arithmetic of quantised inference, exact, on the host.

This is its one home in Python; ``firmware_templates/engine/aot/tck_math.h`` is the one in C, and
property tests tie the two bit by bit. Plain Python integers, so nothing overflows unseen: where a
reference kernel's ``int32`` would wrap, ``wrap_int32`` says so.

Sources: B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference" (CVPR 2018); the fixed-point functions of gemmlowp
(``fixedpoint/fixedpoint.h``), whose constants are reproduced here because the results must be the
same to the last bit.
"""

from __future__ import annotations

import functools
import math
import struct
from dataclasses import dataclass

INT8_MIN, INT8_MAX = -128, 127
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def float32(value: float) -> float:
    """``value`` rounded to the nearest float32, as a Python float; infinity beyond its range."""
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(rounded)


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero, as C's ``round``."""
    magnitude = math.floor(abs(value))
    # abs(value) + 0.5 would round in floating point; the difference below is exact.
    if abs(value) - magnitude >= 0.5:
        magnitude += 1
    return magnitude if value >= 0 else -magnitude


def wrap_int32(value: int) -> int:
    """``value`` modulo 2^32, as a two's complement ``int32``."""
    return (value + 2**31) % 2**32 - 2**31


def clamp(value: int, low: int, high: int) -> int:
    """``value`` limited to ``low .. high``; ``high`` wins if the two cross."""
    return min(max(value, low), high)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """The fixed-point form ``multiplier * 2**(shift - 31)`` of a non-negative real.

    As TFLite's ``QuantizeMultiplier``: ``multiplier`` lies in ``2**30 .. 2**31 - 1``; a real below
    2^-32 is flushed to ``(0, 0)``.

    Raises:
        ValueError: ``real`` is negative, infinite or not a number.
    """
    if not math.isfinite(real) or real < 0:
        raise ValueError(f"a multiplier must be finite and not negative, got {real}")
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * 2**31)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def saturating_rounding_doubling_high_mul(a: int, b: int) -> int:
    """``a * b / 2**31`` for two int32, to nearest, halves upwards; gemmlowp's function."""
    if a == b == INT32_MIN:
        return INT32_MAX
    return (a * b + 2**30) >> 31


def rounding_divide_by_pot(value: int, exponent: int) -> int:
    """``value / 2**exponent`` to nearest, halves away from zero; ``0 <= exponent <= 31``."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if value < 0 else 0)
    return (value >> exponent) + (1 if (value & mask) > threshold else 0)


def saturating_rounding_multiply_by_pot(value: int, exponent: int) -> int:
    """``value * 2**exponent``: saturating to int32 upwards, rounding downwards."""
    if exponent <= 0:
        return rounding_divide_by_pot(value, -exponent)
    return clamp(value << exponent, INT32_MIN, INT32_MAX)


def multiply_by_quantized_multiplier_double(value: int, multiplier: int, shift: int) -> int:
    """``value * multiplier * 2**(shift - 31)`` with two roundings, as stock TFLM's kernels."""
    left, right = max(shift, 0), max(-shift, 0)
    product = saturating_rounding_doubling_high_mul(wrap_int32(value << left), multiplier)
    return rounding_divide_by_pot(product, right)


@dataclass(frozen=True)
class WideMultiplier:
    """The factor ``multiplier * 2**-shift`` of ``multiply_half_away``."""

    multiplier: int
    shift: int


def multiply_half_away(value: int, wide: WideMultiplier) -> int:
    """``value * wide`` to nearest, halves away from zero, in 64-bit integers."""
    half = 1 << (wide.shift - 1)
    return (value * wide.multiplier + half - (1 if value < 0 else 0)) >> wide.shift


def multiply_float64(value: int, real: float) -> int:
    """``round(value * real)`` in double precision, as LiteRT's reference FULLY_CONNECTED."""
    return round_half_away(float(value) * real)


@functools.lru_cache(maxsize=4096)
def exact_wide_multiplier(
    real: float, value_bound: int, result_bound: int
) -> WideMultiplier | None:
    """An integer multiplier that rounds as ``multiply_float64`` does, everywhere that matters.

    Both functions are odd and monotone in ``value``, so they agree if they step from ``k - 1`` to
    ``k`` at the same ``value`` for every ``k``: each step bounds the multiplier from both sides.

    Args:
        real: A positive finite double.
        value_bound: The largest ``abs(value)`` that can occur, below 2^31.
        result_bound: Results beyond this magnitude are clamped afterwards, so that they need only
            stay beyond it.

    Returns:
        A multiplier whose product with ``value_bound`` fits int64, or None if there is none.
    """
    value_bound = max(value_bound, 1)
    shift = min(max(62 - value_bound.bit_length() - math.frexp(real)[1], 1), 62)
    low, high = 1, (2**63 - 1 - (1 << (shift - 1))) // value_bound
    for k in range(1, result_bound + 1):
        first = _first_value_reaching(k, real)
        reachable = first is not None and first <= value_bound
        last_before = first - 1 if first is not None and reachable else value_bound
        half_step = (2 * k - 1) << (shift - 1)
        if last_before > 0:
            high = min(high, (half_step - 1) // last_before)
        if first is None or not reachable:
            break
        low = max(low, -(-half_step // first))
    if low > high:
        return None
    return WideMultiplier(clamp(round(math.ldexp(real, shift)), low, high), shift)


def _first_value_reaching(k: int, real: float) -> int | None:
    """The smallest positive int32 whose ``multiply_float64`` is at least ``k``, if there is one."""
    if multiply_float64(INT32_MAX, real) < k:
        return None
    guess = min(max(math.ceil((k - 0.5) / real), 1), INT32_MAX)
    while guess > 1 and multiply_float64(guess - 1, real) >= k:
        guess -= 1
    while multiply_float64(guess, real) < k:
        guess += 1
    return guess


def activation_range(
    activation: str, scale: float, zero_point: int, low: int = INT8_MIN, high: int = INT8_MAX
) -> tuple[int, int]:
    """The clamp that a fused activation means on a quantised output, inclusive.

    Args:
        activation: TFLite's name: NONE, RELU, RELU6, RELU_N1_TO_1 or RELU_0_TO_1.
        scale: Output scale, a float32 value.
        zero_point: Output zero point.
        low: Smallest stored value.
        high: Largest stored value.

    Raises:
        ValueError: The activation is another one, or its bound is beyond int32.
    """
    bounds: dict[str, tuple[float | None, float | None]] = {
        "NONE": (None, None),
        "RELU": (0.0, None),
        "RELU6": (0.0, 6.0),
        "RELU_N1_TO_1": (-1.0, 1.0),
        "RELU_0_TO_1": (0.0, 1.0),
    }
    if activation not in bounds:
        raise ValueError(f"fused activation {activation}")
    real_low, real_high = bounds[activation]
    if real_low is not None:
        low = max(low, zero_point + _quantize_float32(real_low, scale))
    if real_high is not None:
        high = min(high, zero_point + _quantize_float32(real_high, scale))
    return low, high


def _quantize_float32(real: float, scale: float) -> int:
    quotient = float32(real / scale)
    if not INT32_MIN <= quotient <= INT32_MAX:
        raise ValueError(f"{real:g} at scale {scale:g} is beyond int32")
    return round_half_away(quotient)


# --- MEAN -----------------------------------------------------------------------------------------


def mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """Multiplier and shift of ``real / count``, derived as TFLite's integer MEAN does."""
    multiplier, shift = quantize_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra


# --- SOFTMAX --------------------------------------------------------------------------------------

SOFTMAX_INTEGER_BITS = 5
SOFTMAX_ACCUMULATION_INTEGER_BITS = 12

_EXP_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883
# exp(-2**e) in Q0.31 for e = -2 .. 4.
_EXP_MINUS_POWER_OF_TWO = (
    1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242,
)  # fmt: skip


def _exp_on_minus_quarter_to_zero(a: int) -> int:
    """exp of a Q0.31 in [-1/4, 0), by a Taylor series around -1/8; Q0.31."""
    mul, div = saturating_rounding_doubling_high_mul, rounding_divide_by_pot
    x = a + (1 << 28)
    x2 = mul(x, x)
    x3 = mul(x2, x)
    x4 = mul(x2, x2)
    tail = div(mul(div(x4, 2) + x3, _ONE_THIRD) + x2, 1)
    return _EXP_MINUS_ONE_EIGHTH + mul(_EXP_MINUS_ONE_EIGHTH, x + tail)


def exp_on_negative_values(a: int, integer_bits: int = SOFTMAX_INTEGER_BITS) -> int:
    """exp of a non-positive fixed-point number, as a Q0.31: gemmlowp's polynomial and shifter.

    Args:
        a: In units of ``2**(integer_bits - 31)``.
        integer_bits: At most 5.
    """
    if a == 0:
        return INT32_MAX
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    a_mod_quarter = (a & (quarter - 1)) - quarter
    result = _exp_on_minus_quarter_to_zero(
        saturating_rounding_multiply_by_pot(a_mod_quarter, integer_bits)
    )
    remainder = a_mod_quarter - a
    for exponent, factor in enumerate(_EXP_MINUS_POWER_OF_TWO, start=-2):
        if exponent < integer_bits and remainder & (1 << (fractional_bits + exponent)):
            result = saturating_rounding_doubling_high_mul(result, factor)
    return result


@dataclass(frozen=True)
class SoftmaxScaling:
    """How SOFTMAX rescales ``input - max(input)``; smaller differences than ``diff_min`` give 0."""

    multiplier: int
    left_shift: int
    diff_min: int


def softmax_scaling(beta: float, input_scale: float) -> SoftmaxScaling:
    """The scaling of an int8 SOFTMAX.

    Raises:
        ValueError: ``beta * input_scale`` is not above 2^-26, which no reference kernel takes.
    """
    real = min(beta * input_scale * (1 << (31 - SOFTMAX_INTEGER_BITS)), 2.0**31 - 1.0)
    if not real > 1.0:
        raise ValueError(f"beta {beta:g} x input scale {input_scale:g} is too small")
    multiplier, left_shift = quantize_multiplier(real)
    largest = ((1 << SOFTMAX_INTEGER_BITS) - 1) * 2.0 ** (31 - SOFTMAX_INTEGER_BITS - left_shift)
    return SoftmaxScaling(multiplier, left_shift, -math.floor(largest))


def softmax_exp_table(scaling: SoftmaxScaling) -> tuple[int, ...]:
    """exp of every int8 difference that counts: entry ``d`` is exp of ``-d`` input steps, Q0.31."""
    count = min(-scaling.diff_min, 255) + 1
    return tuple(
        exp_on_negative_values(
            saturating_rounding_doubling_high_mul(
                wrap_int32(-difference << scaling.left_shift), scaling.multiplier
            )
        )
        for difference in range(count)
    )


def one_over_one_plus_x(a: int) -> int:
    """1 / (1 + x) of a Q0.31 in [0, 1), as a Q0.31: three Newton-Raphson steps of gemmlowp."""
    mul, shift = saturating_rounding_doubling_high_mul, saturating_rounding_multiply_by_pot
    half_denominator = (a + INT32_MAX + 1) >> 1
    x = 1515870810 + mul(half_denominator, -1010580540)  # 48/17 - 32/17 * d in Q2.29
    for _ in range(3):
        x += shift(mul(x, (1 << 29) - mul(half_denominator, x)), 2)
    return shift(x, 1)


def softmax_reciprocal(sum_of_exps: int) -> tuple[int, int]:
    """Reciprocal of a positive Q12.19 as a Q0.31, and the bits that it is larger than one by."""
    headroom = 32 - sum_of_exps.bit_length()
    fraction = wrap_int32((sum_of_exps << headroom) - 2**31)
    return one_over_one_plus_x(fraction), SOFTMAX_ACCUMULATION_INTEGER_BITS - headroom


def softmax_int8(row: tuple[int, ...], table: tuple[int, ...]) -> tuple[int, ...]:
    """SOFTMAX of one row of int8 at output scale 1/256, zero point -128."""
    top = max(row)
    exps = [table[top - value] if top - value < len(table) else None for value in row]
    total = sum(rounding_divide_by_pot(e, 12) for e in exps if e is not None)
    scale, bits_over_unit = softmax_reciprocal(total)
    # Reference kernels abort on a sum of 512 or more; there the limit keeps the shift defined.
    exponent = min(bits_over_unit + 31 - 8, 31)
    return tuple(
        INT8_MIN
        if e is None
        else clamp(
            rounding_divide_by_pot(saturating_rounding_doubling_high_mul(scale, e), exponent)
            + INT8_MIN,
            INT8_MIN,
            INT8_MAX,
        )
        for e in exps
    )


# --- ADD ------------------------------------------------------------------------------------------

ADD_LEFT_SHIFT = 20
ADD_LEFT_SHIFT_INT16 = 15


@dataclass(frozen=True)
class AddScaling:
    """ADD: both inputs in 2^-20 (int16: 2^-15) of twice the larger scale, then to the output."""

    input1: tuple[int, int]
    input2: tuple[int, int]
    output: tuple[int, int]


def add_scaling(
    scale1: float, scale2: float, output_scale: float, left_shift: int = ADD_LEFT_SHIFT
) -> AddScaling:
    """Multipliers and shifts of an ADD.

    Raises:
        ValueError: The output scale is so small that the last multiplier is not below one, which
            no reference kernel takes.
    """
    twice_larger = 2.0 * max(scale1, scale2)
    output = twice_larger / ((1 << left_shift) * output_scale)
    multiplier, shift = quantize_multiplier(output)
    if not 0.0 < output < 1.0 or shift > 0:
        raise ValueError(f"output scale {output_scale:g} against input scale {twice_larger / 2:g}")
    return AddScaling(
        quantize_multiplier(scale1 / twice_larger),
        quantize_multiplier(scale2 / twice_larger),
        (multiplier, shift),
    )


# --- AVERAGE_POOL_2D ------------------------------------------------------------------------------


def rounded_average(total: int, count: int) -> int:
    """``total / count`` to nearest, halves away from zero, as TFLite's integer average pool."""
    magnitude = (abs(total) + count // 2) // count
    return magnitude if total > 0 else -magnitude
