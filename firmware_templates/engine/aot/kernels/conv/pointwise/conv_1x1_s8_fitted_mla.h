/* CONV_2D on int8, 1x1, requantised by a fitted multiply-add; see conv_1x1_s8_mla.h. */
#ifndef TCK_CONV_1X1_S8_FITTED_MLA_H
#define TCK_CONV_1X1_S8_FITTED_MLA_H

#include "conv_1x1_s8_mla.h"
#include "pixels_s8_fitted_mla.h"

/* input [pixels, inputs] -> output [pixels, outputs] */
TCK_KERNEL void tck_conv_1x1_s8_fitted_mla(const tck_conv_1x1_s8_mla_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_conv_1x1_s8_mla(p, input, output, tck_pixels_s8_fitted_mla);
}

#endif
