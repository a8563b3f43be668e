/* L2_NORMALIZATION on int8 to int8 at scale 1/128, zero point 0. */
#ifndef TCK_L2_NORMALIZATION_S8_REF_H
#define TCK_L2_NORMALIZATION_S8_REF_H

#include "../tck_math.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t input_offset;
} tck_l2_normalization_s8_params;

/* 1 / sqrt of a Q3.28 in [1/4, 1): five Newton-Raphson steps from 1. */
TCK_INLINE int32_t tck_l2_normalization_s8_ref_newton(int32_t value) {
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

/* 1 / sqrt of a sum of squares as multiplier * 2^(*shift - 31); that of 0 is 1. */
TCK_INLINE int32_t tck_l2_normalization_s8_ref_inverse(int32_t sum, int32_t *shift) {
    *shift = 0;
    if (sum <= 1) {
        return INT32_MAX;
    }
    int32_t right = 11;
    while (sum >= INT32_C(1) << 29) {
        sum /= 4;
        ++right;
    }
    const int32_t pairs = (tck_leading_zeros(sum) - 1) / 2 - 1;
    right -= pairs;
    const int32_t root = tck_doubling_high_mul(
        tck_l2_normalization_s8_ref_newton((sum << (2 * pairs)) >> 1), 1518500250);
    if (right < 0) {
        return tck_shift_left_wrap(root, -right);
    }
    *shift = -right;
    return root;
}

/* input [rows, depth] -> output [rows, depth] */
TCK_KERNEL void tck_l2_normalization_s8_ref(const tck_l2_normalization_s8_params *p,
                                            const int8_t *input, int8_t *output) {
    const int32_t output_bits = 7;
    for (int32_t r = 0; r < p->rows; ++r) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t value = input[i] + p->input_offset;
            sum += value * value;
        }
        int32_t shift;
        const int32_t inverse = tck_l2_normalization_s8_ref_inverse(sum, &shift);
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t scaled =
                tck_multiply_double(input[i] + p->input_offset, inverse, shift + output_bits);
            output[i] = (int8_t)tck_clamp(scaled, INT8_MIN, INT8_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
