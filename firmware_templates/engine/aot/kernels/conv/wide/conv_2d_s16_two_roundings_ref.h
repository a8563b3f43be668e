/* Sums of 16x8 products and a 32-bit bias modulo 2^32, rescaled with two roundings. */
#ifndef TCK_CONV_2D_S16_TWO_ROUNDINGS_REF_H
#define TCK_CONV_2D_S16_TWO_ROUNDINGS_REF_H

#include "conv_2d_s16.h"

TCK_INLINE int32_t tck_conv_2d_s16_two_roundings_ref_rescale(int64_t sum, int64_t multiplier,
                                                             int32_t shift) {
    return tck_multiply_two_roundings((int32_t)sum, (int32_t)multiplier, shift);
}

TCK_KERNEL void tck_conv_2d_s16_two_roundings_ref(const tck_conv_2d_s16_params *p,
                                                  const int16_t *input, int16_t *output) {
    tck_conv_2d_s16(p, tck_conv_2d_s16_two_roundings_ref_rescale, input, output);
}

#endif
