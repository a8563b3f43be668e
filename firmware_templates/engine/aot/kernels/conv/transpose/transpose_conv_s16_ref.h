/* TRANSPOSE_CONV on int16; sums of 64 bits, rescaled by 16 bits of the factor. */
#ifndef TCK_TRANSPOSE_CONV_S16_REF_H
#define TCK_TRANSPOSE_CONV_S16_REF_H

#include "transpose_conv.h"

TCK_INLINE int64_t tck_transpose_conv_s16_tap(const tck_transpose_conv_params *p, const void *input,
                                              int32_t at, const int8_t *weights) {
    const int16_t *in = (const int16_t *)input + at;
    int64_t sum = 0;
    for (int32_t c = 0; c < p->input_channels; ++c) {
        sum += in[c] * weights[c];
    }
    return sum;
}

TCK_INLINE int32_t tck_transpose_conv_s16_rescale(const tck_transpose_conv_params *p, int64_t sum,
                                                  int32_t channel) {
    return tck_multiply_reduced(sum + p->wide_bias[channel], p->multipliers[channel],
                                p->shifts[channel]);
}

TCK_KERNEL void tck_transpose_conv_s16_ref(const tck_transpose_conv_params *p, const int16_t *input,
                                           int16_t *output) {
    tck_transpose_conv(p, tck_transpose_conv_s16_tap, tck_transpose_conv_s16_rescale, 2, input,
                       output);
}

#endif
