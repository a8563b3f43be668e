/* CONV_2D on int8, 1x1, requantised with two roundings; see conv_1x1_s8_mve.h. */
#ifndef TCK_CONV_1X1_S8_TWO_ROUNDINGS_MVE_H
#define TCK_CONV_1X1_S8_TWO_ROUNDINGS_MVE_H

#include "conv_1x1_s8_mve.h"

/* input [pixels, inputs] -> output [pixels, outputs] */
TCK_KERNEL void tck_conv_1x1_s8_two_roundings_mve(const tck_conv_1x1_s8_mve_params *p,
                                                  const int8_t *input, int8_t *output) {
    tck_conv_1x1_s8_mve(p, input, output, 0);
}

#endif
