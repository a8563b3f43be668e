/* PAD on int8: fill the output, then copy the input's rows into it. */
#ifndef TCK_PAD_S8_REF_H
#define TCK_PAD_S8_REF_H

#include "pad_s8.h"

/* Where row [a, b, c, d] of the input begins in the output. */
TCK_INLINE int32_t tck_pad_s8_ref_offset(const tck_pad_s8_params *p, int32_t a, int32_t b,
                                         int32_t c, int32_t d) {
    const int32_t plane = (a + p->before_0) * p->output_1 + b + p->before_1;
    const int32_t row = (plane * p->output_2 + c + p->before_2) * p->output_3 + d + p->before_3;
    return row * p->output_4 + p->before_4;
}

TCK_KERNEL void tck_pad_s8_ref(const tck_pad_s8_params *p, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < p->output_count; ++i) {
        output[i] = (int8_t)p->value;
    }
    for (int32_t a = 0; a < p->input_0; ++a) {
        for (int32_t b = 0; b < p->input_1; ++b) {
            for (int32_t c = 0; c < p->input_2; ++c) {
                for (int32_t d = 0; d < p->input_3; ++d) {
                    int8_t *row = output + tck_pad_s8_ref_offset(p, a, b, c, d);
                    for (int32_t e = 0; e < p->input_4; ++e) {
                        row[e] = *input++;
                    }
                }
            }
        }
    }
}

#endif
