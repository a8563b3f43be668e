/* CONV_2D on int8, requantised by a fitted multiply-add; see conv_2d_s8_mla.h. */
#ifndef TCK_CONV_2D_S8_FITTED_MLA_H
#define TCK_CONV_2D_S8_FITTED_MLA_H

#include "conv_2d_s8_mla.h"
#include "pointwise/pixels_s8_fitted_mla.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_KERNEL void tck_conv_2d_s8_fitted_mla(const tck_conv_2d_s8_mla_params *p, const int8_t *input,
                                          int8_t *output, int8_t *rows) {
    tck_conv_2d_s8_mla(p, input, output, rows, tck_pixels_s8_fitted_mla);
}

#endif
