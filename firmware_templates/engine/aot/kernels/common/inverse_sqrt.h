/* 1 / sqrt of integers, in fixed point. */
#ifndef TCK_INVERSE_SQRT_H
#define TCK_INVERSE_SQRT_H

#include "../../tck_math.h"

/* 1 / sqrt of a Q3.28 in [1/4, 1): five Newton-Raphson steps from 1. */
TCK_INLINE int32_t tck_inverse_sqrt_newton(int32_t value) {
    const int32_t half = tck_rounding_divide_by_pot(value, 1);
    int32_t x = INT32_C(1) << 28;
    for (int32_t step = 0; step < 5; ++step) {
        const int32_t square = tck_doubling_high_mul(x, x);
        const int32_t cube = tck_saturating_shift_left(tck_doubling_high_mul(square, x), 6);
        const int32_t three_halves = (INT32_C(1) << 28) + (INT32_C(1) << 27);
        x = tck_saturating_shift_left(
            tck_doubling_high_mul(three_halves, x) - tck_doubling_high_mul(half, cube), 3);
    }
    return x;
}

/* 1 / sqrt of a number that is not negative, as multiplier * 2^(*shift - 31); that of 0 is 1. */
TCK_INLINE int32_t tck_inverse_sqrt(int32_t x, int32_t *shift) {
    *shift = 0;
    if (x <= 1) {
        return INT32_MAX;
    }
    int32_t right = 11;
    while (x >= INT32_C(1) << 29) {
        x /= 4;
        ++right;
    }
    const int32_t pairs = (tck_leading_zeros(x) - 1) / 2 - 1;
    right -= pairs;
    const int32_t root =
        tck_doubling_high_mul(tck_inverse_sqrt_newton((x << (2 * pairs)) >> 1), 1518500250);
    if (right < 0) {
        return tck_shift_left_wrap(root, -right);
    }
    *shift = -right;
    return root;
}

#endif
