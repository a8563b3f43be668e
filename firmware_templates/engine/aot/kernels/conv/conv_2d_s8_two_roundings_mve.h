/* CONV_2D on int8, requantised with two roundings; see conv_2d_s8_mve.h. */
#ifndef TCK_CONV_2D_S8_TWO_ROUNDINGS_MVE_H
#define TCK_CONV_2D_S8_TWO_ROUNDINGS_MVE_H

#include "conv_2d_s8_mve.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_KERNEL void tck_conv_2d_s8_two_roundings_mve(const tck_conv_2d_s8_mve_params *p,
                                                 const int8_t *input, int8_t *output,
                                                 int8_t *windows) {
    tck_conv_2d_s8_mve(p, input, output, windows, 0);
}

#endif
