/* SOFTMAX on int16 to int16 at scale 2^-15: exp and reciprocal by interpolation in tables. */
#ifndef TCK_SOFTMAX_S16_REF_H
#define TCK_SOFTMAX_S16_REF_H

#include "../common/interpolate_s16.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* from differences of inputs to the table's */
    int32_t shift;
    const int16_t *exps;        /* [513]: exp of -10 .. 0 as a Q0.15 */
    const int16_t *reciprocals; /* [513]: 1 / (1 + x) of 0 .. 1 as a Q0.15 */
} tck_softmax_s16_params;

/* exp of an input's difference from the largest of its row, as a Q0.15. */
TCK_INLINE int32_t tck_softmax_s16_exp(const tck_softmax_s16_params *p, int32_t difference) {
    const int32_t scaled = tck_multiply_two_roundings(difference, p->multiplier, p->shift);
    const int32_t position = tck_clamp(tck_add_wrap(scaled, INT16_MAX), INT16_MIN, INT16_MAX);
    return tck_interpolate_s16(position, p->exps);
}

/* One row; its exponentials wait in the output for their sum. */
TCK_INLINE void tck_softmax_s16_row(const tck_softmax_s16_params *p, const int16_t *input,
                                    int16_t *output) {
    int32_t largest = INT16_MIN;
    for (int32_t c = 0; c < p->depth; ++c) {
        largest = tck_max(largest, input[c]);
    }
    int32_t sum = 0; /* Q16.15, above 0: that of the largest */
    for (int32_t c = 0; c < p->depth; ++c) {
        const int32_t value = tck_softmax_s16_exp(p, input[c] - largest);
        output[c] = (int16_t)value;
        sum += value;
    }
    const int32_t headroom = tck_leading_zeros(sum);
    const int32_t mantissa =
        (int32_t)((((int64_t)sum << headroom) + (INT64_C(1) << 14)) >> 15); /* 1 .. 2 as a Q1.16 */
    const int32_t position = tck_clamp(mantissa - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
    const int32_t reciprocal = tck_interpolate_s16(position, p->reciprocals);
    const int32_t shift = 31 - headroom;
    for (int32_t c = 0; c < p->depth; ++c) {
        const int32_t product = output[c] * reciprocal;
        output[c] = (int16_t)tck_clamp((product + (1 << (shift - 1))) >> shift, 0, INT16_MAX);
    }
}

/* input [rows, depth] -> output [rows, depth] */
TCK_KERNEL void tck_softmax_s16_ref(const tck_softmax_s16_params *p, const int16_t *input,
                                    int16_t *output) {
    for (int32_t r = 0; r < p->rows; ++r) {
        tck_softmax_s16_row(p, input + r * p->depth, output + r * p->depth);
    }
}

#endif
