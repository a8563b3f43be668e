/* Sigmoid and tanh of int16, computed in fixed point of 16 bits. */
#ifndef TCK_FIXED_S16_H
#define TCK_FIXED_S16_H

#include "../../tck_math.h"

/* exp of a number from -2^15 to 0 in units of 2^(integer_bits - 15), as a Q0.15; 1 <= integer_bits
 * <= 7. A Taylor series around -1/8 for what is left of the last quarter, then one factor for every
 * bit above. */
TCK_INLINE int32_t tck_exp_s16(int32_t x, int32_t integer_bits) {
    /* exp(-2^(i - 2)) as a Q0.15. */
    static const int16_t powers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t fractional_bits = 15 - integer_bits;
    const int32_t quarter = INT32_C(1) << (fractional_bits - 2);
    const int32_t rest = (x & (quarter - 1)) - quarter;
    const int32_t above = rest - x;
    const int32_t a = tck_shift_left_wrap(rest, integer_bits) + (1 << 12);
    const int32_t a2 = tck_doubling_high_mul_s16(a, a);
    const int32_t a3 = tck_doubling_high_mul_s16(a2, a);
    const int32_t a4 = tck_doubling_high_mul_s16(a2, a2);
    const int32_t third = tck_doubling_high_mul_s16(tck_rounding_divide_by_pot(a4, 2) + a3, 10923);
    const int32_t series = a + tck_rounding_divide_by_pot(third + a2, 1);
    int32_t result = tck_min(28918 + tck_doubling_high_mul_s16(28918, series), INT16_MAX);
    for (int32_t i = 0; i < tck_min(integer_bits + 2, 7); ++i) {
        if ((above & (quarter << i)) != 0) {
            result = tck_doubling_high_mul_s16(result, powers[i]);
        }
    }
    if (integer_bits > 5 && x < -(INT32_C(32) << fractional_bits)) {
        return 0;
    }
    return x == 0 ? INT16_MAX : result;
}

/* 1 / (1 + x) for a Q0.15 in [0, 1), as a Q1.14 that three Newton-Raphson steps reach from
 * 48/17 - 32/17 d; it is halved, since d is (1 + x) / 2. */
TCK_INLINE int32_t tck_twice_one_over_one_plus_x_s16(int32_t x) {
    const int32_t half_denominator = (x + INT16_MAX + 1) >> 1;
    int32_t y = 23130 + tck_doubling_high_mul_s16(half_denominator, -15420);
    for (int32_t step = 0; step < 3; ++step) {
        const int32_t error = (1 << 13) - tck_doubling_high_mul_s16(half_denominator, y);
        y += 4 * tck_doubling_high_mul_s16(y, error);
    }
    return y;
}

/* Sigmoid of a Q3.12 as a Q0.15. */
TCK_INLINE int32_t tck_fixed_sigmoid_s16(int32_t x) {
    if (x == 0) {
        return 1 << 14;
    }
    const int32_t y = tck_twice_one_over_one_plus_x_s16(tck_exp_s16(tck_min(x, -x), 3));
    const int32_t positive = tck_min(2 * y, INT16_MAX);
    return x > 0 ? positive : INT16_MAX - positive;
}

/* Tanh of an int16 with so many bits before the point, 0 to 6, as a Q0.15. */
TCK_INLINE int32_t tck_fixed_tanh_s16(int32_t x, int32_t integer_bits) {
    if (x == 0) {
        return 0;
    }
    /* Twice x has one more bit before the point. */
    const int32_t e = tck_exp_s16(tck_min(x, -x), integer_bits + 1);
    const int32_t positive =
        tck_min(4 * (tck_twice_one_over_one_plus_x_s16(e) - (1 << 13)), INT16_MAX);
    return x > 0 ? positive : -positive;
}

#endif
