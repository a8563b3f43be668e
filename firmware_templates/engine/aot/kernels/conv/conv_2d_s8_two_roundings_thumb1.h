/* CONV_2D on int8 for Thumb-1 cores, requantised with two roundings. */
#ifndef TCK_CONV_2D_S8_TWO_ROUNDINGS_THUMB1_H
#define TCK_CONV_2D_S8_TWO_ROUNDINGS_THUMB1_H

#include "conv_2d_s8_thumb1.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_SHARED void tck_conv_2d_s8_two_roundings_thumb1(const tck_conv_2d_s8_thumb1_params *p,
                                                    const int8_t *input, int8_t *output,
                                                    uint32_t *scratch) {
    tck_conv_2d_s8_thumb1(p, input, output, (uint8_t *)scratch, p->doubled_zero_point,
                          tck_outputs_two_roundings_thumb1, 0);
}

#endif
