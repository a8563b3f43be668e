/* CONV_2D by Winograd, requantised by a fitted multiply-add; see conv_2d_winograd_s8_dsp.h. */
#ifndef TCK_CONV_2D_WINOGRAD_S8_FITTED_DSP_H
#define TCK_CONV_2D_WINOGRAD_S8_FITTED_DSP_H

#include "conv_2d_winograd_s8_dsp.h"

TCK_INLINE int32_t tck_winograd_fitted(int32_t sum, int32_t multiplier, int32_t extra,
                                       int32_t doubled_zero_point) {
    (void)doubled_zero_point;
    return tck_fitted(sum, multiplier, extra);
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT], C_IN a multiple of 8, C_OUT even */
TCK_KERNEL void tck_conv_2d_winograd_s8_fitted_dsp(const tck_conv_2d_winograd_s8_dsp_params *p,
                                                   const int8_t *input, int8_t *output,
                                                   uint32_t *scratch) {
    tck_conv_2d_winograd_s8_dsp(p, input, output, scratch, tck_winograd_fitted);
}

#endif
