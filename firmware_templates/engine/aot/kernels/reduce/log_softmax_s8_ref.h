/* LOG_SOFTMAX on int8 to int8 at scale 1/16, zero point 127; the exponentials come from a table. */
#ifndef TCK_LOG_SOFTMAX_S8_REF_H
#define TCK_LOG_SOFTMAX_S8_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t table_count;
    const int32_t *exps; /* [table_count]: exp of minus so many input steps, Q0.31 */
    int32_t multiplier;  /* input steps to Q5.26 */
    int32_t shift;
    int32_t reverse_multiplier; /* Q5.26 to input steps */
    int32_t reverse_shift;
} tck_log_softmax_s8_params;

/* The logarithm of r, which lies around 2^-1/4, less the power of two: a rational approximation. */
TCK_INLINE int32_t tck_log_softmax_s8_ref_rational(int32_t r) {
    const int32_t fourth_root_of_half = 1805811301;
    const int32_t p = (int32_t)(((int64_t)r + fourth_root_of_half + 1) >> 1);
    const int32_t q = (r - fourth_root_of_half) * 2;
    const int32_t square = tck_doubling_high_mul(q, q);
    const int32_t numerator = tck_doubling_high_mul(q, r) +
                              tck_doubling_high_mul(tck_doubling_high_mul(q, square), 117049297);
    const int32_t inner = 1057819769 + q + tck_doubling_high_mul(127690142, square);
    const int32_t denominator =
        tck_doubling_high_mul(p, inner) + tck_doubling_high_mul(638450708, q);
    return tck_doubling_high_mul(tck_rounding_divide_by_pot(numerator, 6),
                                 tck_one_over_one_plus_x(denominator));
}

/* log of a Q12.19 that is at least 1, as a Q5.26. */
TCK_INLINE int32_t tck_log_softmax_s8_ref_log(int32_t z) {
    const int32_t integer_bits = 12;
    const int32_t unit = INT32_C(1) << 25; /* 1 as a Q6.25 */
    const int32_t quarter = unit / 4;
    const int32_t root_of_half = 1518500250;
    const int32_t log_of_2 = 1488522236;
    const int32_t zeros_a = tck_leading_zeros(z);
    const int32_t scaled = tck_shift_left_wrap(z, zeros_a - 1);
    const int32_t r_a = tck_saturating_shift_left(tck_doubling_high_mul(scaled, root_of_half), 1);
    const int32_t power_a = (integer_bits - zeros_a) * unit + quarter;
    const int32_t headroom_b = tck_leading_zeros(tck_doubling_high_mul(z, root_of_half)) - 1;
    const int32_t r_b = tck_saturating_shift_left(z, headroom_b);
    const int32_t power_b = (integer_bits - headroom_b) * unit - quarter;
    const int32_t whole = tck_doubling_high_mul(tck_max(power_a, power_b), log_of_2);
    const int32_t sum = whole + tck_log_softmax_s8_ref_rational(tck_min(r_a, r_b));
    return tck_saturating_shift_left(sum, 1);
}

TCK_INLINE int32_t tck_log_softmax_s8_ref_sum(const tck_log_softmax_s8_params *p,
                                              const int8_t *input, int32_t largest) {
    int32_t sum = 0;
    for (int32_t c = 0; c < p->depth; ++c) {
        const int32_t difference = largest - input[c];
        if (difference < p->table_count) {
            sum += tck_rounding_divide_by_pot(p->exps[difference], 12);
        }
    }
    return sum;
}

/* input [rows, depth] -> output [rows, depth] */
TCK_KERNEL void tck_log_softmax_s8_ref(const tck_log_softmax_s8_params *p, const int8_t *input,
                                       int8_t *output) {
    for (int32_t r = 0; r < p->rows; ++r) {
        int32_t largest = INT8_MIN;
        for (int32_t c = 0; c < p->depth; ++c) {
            largest = tck_max(largest, input[c]);
        }
        const int32_t log_sum =
            tck_log_softmax_s8_ref_log(tck_log_softmax_s8_ref_sum(p, input, largest));
        const int32_t reach = tck_multiply_two_roundings(log_sum + INT32_MIN, p->reverse_multiplier,
                                                         p->reverse_shift);
        const int32_t lowest = tck_max(-p->table_count, reach);
        for (int32_t c = 0; c < p->depth; ++c) {
            const int32_t difference = input[c] - largest;
            int32_t result = INT8_MIN;
            if (difference > lowest) {
                const int32_t scaled =
                    tck_multiply_two_roundings(difference, p->multiplier, p->shift);
                result = tck_rounding_divide_by_pot(scaled - log_sum, 22) + INT8_MAX;
            }
            output[c] = (int8_t)tck_clamp(result, INT8_MIN, INT8_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
