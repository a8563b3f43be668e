/* SOFTMAX on int8: parameters, and the arithmetic that every output type shares. */
#ifndef TCK_SOFTMAX_S8_H
#define TCK_SOFTMAX_S8_H

#include "../common/elements.h"

/* Bits before the point of the Q12.19 in which the exponentials are summed. */
#define TCK_SOFTMAX_S8_SUM_INTEGER_BITS 12

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t differences; /* from the largest input, 0 included; beyond them exp counts as 0 */
    const int32_t *exps; /* [differences]: exp(-difference) as a Q0.31; or, without that table: */
    int32_t multiplier;  /* of a difference, to a Q5.26 */
    int32_t left_shift;
} tck_softmax_s8_params;

/* exp(-difference) as a Q0.31. */
typedef int32_t (*tck_softmax_s8_exp)(const tck_softmax_s8_params *p, int32_t difference);

TCK_INLINE int32_t tck_softmax_s8_tabled(const tck_softmax_s8_params *p, int32_t difference) {
    return p->exps[difference];
}

/* What all outputs of a row have in common: 1 / sum as a Q0.31, and the bits to shift by. */
typedef struct {
    int32_t largest;
    int32_t reciprocal;
    int32_t headroom;
} tck_softmax_s8_row;

/* `exp` is inlined, since it is known where this is; so it is below. */
TCK_INLINE tck_softmax_s8_row tck_softmax_s8_sum(const tck_softmax_s8_params *p,
                                                 tck_softmax_s8_exp exp, const int8_t *input) {
    int32_t largest = INT8_MIN;
    for (int32_t c = 0; c < p->depth; ++c) {
        largest = tck_max(largest, input[c]);
    }
    int32_t sum = 0;
    for (int32_t c = 0; c < p->depth; ++c) {
        const int32_t difference = largest - input[c];
        if (difference < p->differences) {
            sum += tck_rounding_divide_by_pot(exp(p, difference), TCK_SOFTMAX_S8_SUM_INTEGER_BITS);
        }
    }
    const int32_t headroom = tck_leading_zeros(sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - (UINT32_C(1) << 31));
    const tck_softmax_s8_row row = {largest, tck_one_over_one_plus_x(fraction), headroom};
    return row;
}

/* One output as an unsigned number of `bits` bits behind the point, or one more than the largest.
 */
TCK_INLINE int32_t tck_softmax_s8_element(const tck_softmax_s8_params *p, tck_softmax_s8_exp exp,
                                          tck_softmax_s8_row row, int32_t value, int32_t bits) {
    const int32_t difference = row.largest - value;
    if (difference >= p->differences) {
        return 0;
    }
    /* A sum of 512 or more, at which the reference kernels abort, makes every output round to 0:
     * the limit only keeps the shift defined. */
    const int32_t exponent =
        tck_min(TCK_SOFTMAX_S8_SUM_INTEGER_BITS - row.headroom + 31 - bits, 31);
    const int32_t product = tck_doubling_high_mul(row.reciprocal, exp(p, difference));
    return tck_rounding_divide_by_pot(product, exponent);
}

/* input [rows, depth] -> output [rows, depth] */
TCK_INLINE void tck_softmax_s8(const tck_softmax_s8_params *p, tck_softmax_s8_exp exp,
                               const int8_t *input, void *output, int32_t bytes) {
    const int32_t lowest = tck_lowest_element(bytes);
    int32_t at = 0;
    for (int32_t r = 0; r < p->rows; ++r) {
        const tck_softmax_s8_row row = tck_softmax_s8_sum(p, exp, input);
        for (int32_t c = 0; c < p->depth; ++c, ++at) {
            const int32_t value = tck_softmax_s8_element(p, exp, row, *input++, 8 * bytes);
            tck_set_element(output, at, tck_min(value + lowest, -lowest - 1), bytes);
        }
    }
}

#endif
