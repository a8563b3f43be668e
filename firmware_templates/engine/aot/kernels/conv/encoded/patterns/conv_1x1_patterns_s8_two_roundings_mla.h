/* CONV_2D on int8, 1x1, one or two weights of every four there, requantised with two roundings. */
#ifndef TCK_CONV_1X1_PATTERNS_S8_TWO_ROUNDINGS_MLA_H
#define TCK_CONV_1X1_PATTERNS_S8_TWO_ROUNDINGS_MLA_H

#include "../../../../decode/patterns_tiles.h"
#include "../../pointwise/pixels_s8_two_roundings_mla.h"
#include "../conv_1x1_encoded_s8_mla.h"

/* input [pixels, inputs] -> output [pixels, outputs] */
TCK_KERNEL void
tck_conv_1x1_patterns_s8_two_roundings_mla(const tck_conv_1x1_encoded_s8_mla_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *tile,
                                           uint32_t *table) {
    tck_conv_1x1_encoded_s8_mla(p, input, output, tile, table, tck_pixels_s8_two_roundings_mla,
                                tck_patterns_tile);
}

#endif
