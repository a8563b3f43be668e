/* CONV_2D on int8, one or two weights of every four there, requantised by a fitted multiply-add. */
#ifndef TCK_CONV_2D_PATTERNS_S8_FITTED_MVE_H
#define TCK_CONV_2D_PATTERNS_S8_FITTED_MVE_H

#include "../../../../decode/patterns_tiles.h"
#include "../conv_2d_encoded_s8_mve.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_KERNEL void tck_conv_2d_patterns_s8_fitted_mve(const tck_conv_2d_encoded_s8_mve_params *p,
                                                   const int8_t *input, int8_t *output,
                                                   int8_t *windows, uint32_t *tile,
                                                   uint32_t *table) {
    tck_conv_2d_encoded_s8_mve(p, input, output, windows, tile, table, 1, tck_patterns_tile);
}

#endif
