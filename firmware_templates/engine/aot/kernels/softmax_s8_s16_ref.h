/* SOFTMAX on int8 to int16 at scale 1/65536, zero point -32768. */
#ifndef TCK_SOFTMAX_S8_S16_REF_H
#define TCK_SOFTMAX_S8_S16_REF_H

#include "softmax_s8.h"

/* input [rows, depth] -> output [rows, depth] */
TCK_SMALL void tck_softmax_s8_s16_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                      int16_t *output) {
    for (int32_t r = 0; r < p->rows; ++r) {
        const tck_softmax_s8_row row = tck_softmax_s8_sum(p, input);
        for (int32_t c = 0; c < p->depth; ++c) {
            const int32_t value = tck_softmax_s8_element(p, row, input[c], 16);
            output[c] = (int16_t)tck_min(value + INT16_MIN, INT16_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
