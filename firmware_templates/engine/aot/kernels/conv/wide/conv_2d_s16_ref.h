/* Sums of 16x8 products and a 64-bit bias, rescaled by 16 bits of the factor. */
#ifndef TCK_CONV_2D_S16_REF_H
#define TCK_CONV_2D_S16_REF_H

#include "conv_2d_s16.h"

TCK_INLINE int32_t tck_conv_2d_s16_ref_rescale(int64_t sum, int64_t multiplier, int32_t shift) {
    return tck_multiply_reduced(sum, (int32_t)multiplier, shift);
}

TCK_KERNEL void tck_conv_2d_s16_ref(const tck_conv_2d_s16_params *p, const int16_t *input,
                                    int16_t *output) {
    tck_conv_2d_s16(p, tck_conv_2d_s16_ref_rescale, input, output);
}

#endif
