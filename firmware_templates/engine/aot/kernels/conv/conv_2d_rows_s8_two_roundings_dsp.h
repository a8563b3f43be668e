/* CONV_2D on int8 with any number of input channels, requantised with two roundings. Inlined, so
 * that the compiler knows the rows of taps: few layers of a model are such. */
#ifndef TCK_CONV_2D_ROWS_S8_TWO_ROUNDINGS_DSP_H
#define TCK_CONV_2D_ROWS_S8_TWO_ROUNDINGS_DSP_H

#include "conv_2d_s8_dsp.h"
#include "pointwise/pixels_s8_two_roundings_dsp.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; columns has room for 6 words per chunk and for
 * the taps of three pixels. */
TCK_KERNEL void tck_conv_2d_rows_s8_two_roundings_dsp(const tck_conv_2d_s8_dsp_params *p,
                                                      const int8_t *input, int8_t *output,
                                                      uint32_t *columns) {
    tck_conv_2d_s8_dsp_all(p, input, output, columns, tck_pixels_s8_two_roundings_dsp, 0);
}

#endif
