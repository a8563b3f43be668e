/* CONV_2D on int8, requantised with two roundings; see conv_2d_s8_dsp.h. */
#ifndef TCK_CONV_2D_S8_TWO_ROUNDINGS_DSP_H
#define TCK_CONV_2D_S8_TWO_ROUNDINGS_DSP_H

#include "conv_2d_s8_dsp.h"
#include "pointwise/pixels_s8_two_roundings_dsp.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT], C_IN a multiple of four */
TCK_KERNEL void tck_conv_2d_s8_two_roundings_dsp(const tck_conv_2d_s8_dsp_params *p,
                                                 const int8_t *input, int8_t *output,
                                                 uint32_t *columns) {
    tck_conv_2d_s8_dsp(p, input, output, columns, tck_pixels_s8_two_roundings_dsp);
}

#endif
