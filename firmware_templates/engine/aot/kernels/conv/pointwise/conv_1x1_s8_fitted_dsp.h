/* CONV_2D on int8, 1x1, requantised by a fitted multiply-add; see conv_1x1_s8_dsp.h. */
#ifndef TCK_CONV_1X1_S8_FITTED_DSP_H
#define TCK_CONV_1X1_S8_FITTED_DSP_H

#include "conv_1x1_s8_dsp.h"
#include "pixels_s8_fitted_dsp.h"

/* input [pixels, inputs] -> output [pixels, outputs] */
TCK_KERNEL void tck_conv_1x1_s8_fitted_dsp(const tck_conv_1x1_s8_dsp_params *p, const int8_t *input,
                                           int8_t *output, uint32_t *columns) {
    tck_conv_1x1_s8_dsp(p, input, output, columns, tck_pixels_s8_fitted_dsp);
}

#endif
