/* SOFTMAX on int8 to int8 at scale 1/256, zero point -128; the exponentials come from a table. */
#ifndef TCK_SOFTMAX_S8_REF_H
#define TCK_SOFTMAX_S8_REF_H

#include "softmax_s8.h"

/* input [rows, depth] -> output [rows, depth] */
TCK_SMALL void tck_softmax_s8_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                  int8_t *output) {
    for (int32_t r = 0; r < p->rows; ++r) {
        const tck_softmax_s8_row row = tck_softmax_s8_sum(p, input);
        for (int32_t c = 0; c < p->depth; ++c) {
            const int32_t value = tck_softmax_s8_element(p, row, input[c], 8);
            output[c] = (int8_t)tck_min(value + INT8_MIN, INT8_MAX);
        }
        input += p->depth;
        output += p->depth;
    }
}

#endif
