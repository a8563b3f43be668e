/* SOFTMAX on int8 to int8 at scale 1/256, zero point -128; the exponentials come from a table. */
#ifndef TCK_SOFTMAX_S8_REF_H
#define TCK_SOFTMAX_S8_REF_H

#include "softmax_s8.h"

/* Bits before the point of the Q12.19 in which the exponentials are summed. */
#define TCK_SOFTMAX_S8_SUM_INTEGER_BITS 12

TCK_INLINE int32_t tck_softmax_s8_ref_largest(const int8_t *input, int32_t depth) {
    int32_t largest = INT8_MIN;
    for (int32_t c = 0; c < depth; ++c) {
        largest = tck_max(largest, input[c]);
    }
    return largest;
}

/* input [rows, depth] -> output [rows, depth] */
TCK_SMALL void tck_softmax_s8_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                  int8_t *output) {
    for (int32_t r = 0; r < p->rows; ++r) {
        const int32_t largest = tck_softmax_s8_ref_largest(input, p->depth);
        int32_t sum = 0;
        for (int32_t c = 0; c < p->depth; ++c) {
            const int32_t difference = largest - input[c];
            if (difference < p->table_count) {
                sum += tck_rounding_divide_by_pot(p->exps[difference],
                                                  TCK_SOFTMAX_S8_SUM_INTEGER_BITS);
            }
        }
        const int32_t headroom = tck_leading_zeros(sum);
        const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - (UINT32_C(1) << 31));
        const int32_t reciprocal = tck_one_over_one_plus_x(fraction);
        /* A sum of 512 or more, at which the reference kernels abort, makes every output round to
         * 0: the limit only keeps the shift defined. */
        const int32_t exponent = tck_min(TCK_SOFTMAX_S8_SUM_INTEGER_BITS - headroom + 31 - 8, 31);
        for (int32_t c = 0; c < p->depth; ++c) {
            const int32_t difference = largest - input[c];
            int32_t value = INT8_MIN;
            if (difference < p->table_count) {
                const int32_t product = tck_doubling_high_mul(reciprocal, p->exps[difference]);
                value = tck_min(tck_rounding_divide_by_pot(product, exponent) + INT8_MIN, INT8_MAX);
            }
            output[c] = (int8_t)value;
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
