/* TRANSPOSE_CONV on int8; sums modulo 2^32. */
#ifndef TCK_TRANSPOSE_CONV_S8_REF_H
#define TCK_TRANSPOSE_CONV_S8_REF_H

#include "transpose_conv.h"

TCK_INLINE int64_t tck_transpose_conv_s8_tap(const tck_transpose_conv_params *p, const void *input,
                                             int32_t at, const int8_t *weights) {
    const int8_t *in = (const int8_t *)input + at;
    uint32_t sum = 0;
    for (int32_t c = 0; c < p->input_channels; ++c) {
        sum += (uint32_t)((in[c] + p->input_offset) * weights[c]);
    }
    return (int32_t)sum;
}

TCK_INLINE int32_t tck_transpose_conv_s8_rescale(const tck_transpose_conv_params *p, int64_t sum,
                                                 int32_t channel) {
    const int32_t acc = (int32_t)((uint32_t)sum + (uint32_t)p->bias[channel]);
    const int32_t scaled =
        tck_multiply_two_roundings(acc, p->multipliers[channel], p->shifts[channel]);
    return tck_add_wrap(scaled, p->output_offset);
}

TCK_KERNEL void tck_transpose_conv_s8_ref(const tck_transpose_conv_params *p, const int8_t *input,
                                          int8_t *output) {
    tck_transpose_conv(p, tck_transpose_conv_s8_tap, tck_transpose_conv_s8_rescale, 1, input,
                       output);
}

#endif
