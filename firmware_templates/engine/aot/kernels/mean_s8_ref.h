/* MEAN on int8 over any axes. */
#ifndef TCK_MEAN_S8_REF_H
#define TCK_MEAN_S8_REF_H

#include "mean.h"

/* Sum over both reduced dimensions; `input` points at the first element. */
TCK_INLINE uint32_t tck_mean_s8_ref_sum(const tck_mean_params *p, const int8_t *input) {
    const int32_t stride_1 = p->kept_2;
    const int32_t stride_0 = p->kept_1 * p->reduced_1 * p->kept_2;
    uint32_t sum = 0;
    for (int32_t i = 0; i < p->reduced_0; ++i) {
        for (int32_t j = 0; j < p->reduced_1; ++j) {
            const int32_t value = input[i * stride_0 + j * stride_1];
            sum += (uint32_t)value;
        }
    }
    return sum;
}

/* input [kept_0, reduced_0, kept_1, reduced_1, kept_2] -> output [kept_0, kept_1, kept_2] */
TCK_KERNEL void tck_mean_s8_ref(const tck_mean_params *p, const int8_t *input, int8_t *output) {
    const int32_t row = p->reduced_1 * p->kept_2;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t b = 0; b < p->kept_1; ++b) {
            const int8_t *first = input + (a * p->reduced_0 * p->kept_1 + b) * row;
            for (int32_t c = 0; c < p->kept_2; ++c) {
                const uint32_t sum = tck_mean_s8_ref_sum(p, first + c);
                const int32_t acc = (int32_t)(sum + (uint32_t)p->sum_offset);
                const int32_t scaled = tck_multiply_double(acc, p->multiplier, p->shift);
                *output++ =
                    (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), INT8_MIN, INT8_MAX);
            }
        }
    }
}

#endif
