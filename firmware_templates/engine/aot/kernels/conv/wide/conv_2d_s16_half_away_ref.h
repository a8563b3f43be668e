/* Sums of 16x8 products, rescaled with one rounding, halves away from zero. */
#ifndef TCK_CONV_2D_S16_HALF_AWAY_REF_H
#define TCK_CONV_2D_S16_HALF_AWAY_REF_H

#include "conv_2d_s16.h"

TCK_INLINE int32_t tck_conv_2d_s16_half_away_ref_rescale(int64_t sum, int64_t multiplier,
                                                         int32_t shift) {
    return (int32_t)tck_multiply_half_away_wide(sum, multiplier, shift);
}

TCK_KERNEL void tck_conv_2d_s16_half_away_ref(const tck_conv_2d_s16_params *p, const int16_t *input,
                                              int16_t *output) {
    tck_conv_2d_s16(p, tck_conv_2d_s16_half_away_ref_rescale, input, output);
}

#endif
