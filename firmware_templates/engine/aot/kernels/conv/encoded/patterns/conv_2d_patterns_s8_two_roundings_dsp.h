/* CONV_2D on int8, one or two weights of every four there, requantised with two roundings. */
#ifndef TCK_CONV_2D_PATTERNS_S8_TWO_ROUNDINGS_DSP_H
#define TCK_CONV_2D_PATTERNS_S8_TWO_ROUNDINGS_DSP_H

#include "../../../../decode/patterns_tiles.h"
#include "../../pointwise/pixels_s8_two_roundings_dsp.h"
#include "../conv_2d_encoded_s8_dsp.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT], C_IN a multiple of four */
TCK_KERNEL void
tck_conv_2d_patterns_s8_two_roundings_dsp(const tck_conv_2d_encoded_s8_dsp_params *p,
                                          const int8_t *input, int8_t *output, uint32_t *columns,
                                          uint32_t *tile, uint32_t *table) {
    tck_conv_2d_encoded_s8_dsp(p, input, output, columns, tile, table,
                               tck_pixels_s8_two_roundings_dsp, tck_patterns_tile,
                               tck_conv_2d_s8_dsp_quads_tile);
}

#endif
