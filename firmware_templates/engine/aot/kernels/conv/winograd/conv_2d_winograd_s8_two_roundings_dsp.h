/* CONV_2D by Winograd, requantised with two roundings; see conv_2d_winograd_s8_dsp.h. */
#ifndef TCK_CONV_2D_WINOGRAD_S8_TWO_ROUNDINGS_DSP_H
#define TCK_CONV_2D_WINOGRAD_S8_TWO_ROUNDINGS_DSP_H

#include "conv_2d_winograd_s8_dsp.h"

TCK_INLINE int32_t tck_winograd_two_roundings(int32_t sum, int32_t multiplier, int32_t extra,
                                              int32_t doubled_zero_point) {
    const int32_t addend = tck_shift_left_wrap(doubled_zero_point, extra);
    return tck_ssat8(tck_requantize(sum, multiplier, extra + 1, addend));
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT], C_IN a multiple of 8, C_OUT even */
TCK_KERNEL void
tck_conv_2d_winograd_s8_two_roundings_dsp(const tck_conv_2d_winograd_s8_dsp_params *p,
                                          const int8_t *input, int8_t *output, uint32_t *scratch) {
    tck_conv_2d_winograd_s8_dsp(p, input, output, scratch, tck_winograd_two_roundings);
}

#endif
