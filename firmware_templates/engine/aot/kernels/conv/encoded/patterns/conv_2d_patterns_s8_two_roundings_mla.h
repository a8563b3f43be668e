/* CONV_2D on int8, one or two weights of every four there, requantised with two roundings. */
#ifndef TCK_CONV_2D_PATTERNS_S8_TWO_ROUNDINGS_MLA_H
#define TCK_CONV_2D_PATTERNS_S8_TWO_ROUNDINGS_MLA_H

#include "../../../../decode/patterns_tiles.h"
#include "../../pointwise/pixels_s8_two_roundings_mla.h"
#include "../conv_2d_encoded_s8_mla.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_KERNEL void
tck_conv_2d_patterns_s8_two_roundings_mla(const tck_conv_2d_encoded_s8_mla_params *p,
                                          const int8_t *input, int8_t *output, int8_t *rows,
                                          uint32_t *tile, uint32_t *table) {
    tck_conv_2d_encoded_s8_mla(p, input, output, rows, tile, table, tck_pixels_s8_two_roundings_mla,
                               tck_patterns_tile);
}

#endif
