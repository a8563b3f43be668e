/* L2_NORMALIZATION on int8 to int8 at scale 1/128, zero point 0. */
#ifndef TCK_L2_NORMALIZATION_S8_REF_H
#define TCK_L2_NORMALIZATION_S8_REF_H

#include "../common/inverse_sqrt.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t input_offset;
} tck_l2_normalization_s8_params;

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
        const int32_t inverse = tck_inverse_sqrt(sum, &shift);
        for (int32_t i = 0; i < p->depth; ++i) {
            const int32_t scaled = tck_multiply_two_roundings(input[i] + p->input_offset, inverse,
                                                              shift + output_bits);
            output[i] = (int8_t)tck_clamp(scaled, INT8_MIN, INT8_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
