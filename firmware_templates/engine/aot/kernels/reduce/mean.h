/* MEAN and SUM: parameters of every variant, and the loops for every type. */
#ifndef TCK_MEAN_H
#define TCK_MEAN_H

#include "../common/elements.h"

/* The input is seen as [kept_0, reduced_0, kept_1, reduced_1, kept_2]: neighbouring dimensions that
 * are both kept or both reduced are one. */
typedef struct {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t sum_offset; /* minus the input's zero point, times the number of summed elements */
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
} tck_mean_params;

/* Sum over both reduced dimensions, modulo 2^32, from the element at `first` on. */
TCK_INLINE uint32_t tck_mean_sum(const tck_mean_params *p, const void *input, int32_t first,
                                 int32_t bytes) {
    const int32_t stride_1 = p->kept_2;
    const int32_t stride_0 = p->kept_1 * p->reduced_1 * p->kept_2;
    uint32_t sum = 0;
    for (int32_t i = 0; i < p->reduced_0; ++i) {
        for (int32_t j = 0; j < p->reduced_1; ++j) {
            sum += (uint32_t)tck_element(input, first + i * stride_0 + j * stride_1, bytes);
        }
    }
    return sum;
}

/* The output of a sum. */
TCK_INLINE int32_t tck_mean_output(const tck_mean_params *p, uint32_t sum, int32_t bytes) {
    const int32_t acc = (int32_t)(sum + (uint32_t)p->sum_offset);
    const int32_t scaled = tck_multiply_two_roundings(acc, p->multiplier, p->shift);
    return tck_clamp_element(tck_add_wrap(scaled, p->output_offset), bytes);
}

/* input [kept_0, reduced_0, kept_1, reduced_1, kept_2] -> output [kept_0, kept_1, kept_2] */
TCK_INLINE void tck_mean(const tck_mean_params *p, const void *input, void *output, int32_t bytes) {
    const int32_t row = p->reduced_1 * p->kept_2;
    int32_t at = 0;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t b = 0; b < p->kept_1; ++b) {
            const int32_t first = (a * p->reduced_0 * p->kept_1 + b) * row;
            for (int32_t c = 0; c < p->kept_2; ++c, ++at) {
                const uint32_t sum = tck_mean_sum(p, input, first + c, bytes);
                tck_set_element(output, at, tck_mean_output(p, sum, bytes), bytes);
            }
        }
    }
}

#endif
