/* FULLY_CONNECTED on int8, weights as indices into a codebook, products straight from the table,
 * requantised by two roundings. */
#ifndef TCK_FULLY_CONNECTED_LUT_S8_TWO_ROUNDINGS_DSP_H
#define TCK_FULLY_CONNECTED_LUT_S8_TWO_ROUNDINGS_DSP_H

#include "fully_connected_lut_s8_dsp.h"

TCK_KERNEL void
tck_fully_connected_lut_s8_two_roundings_dsp(const tck_fully_connected_lut_s8_params *p,
                                             const int8_t *input, int8_t *output,
                                             uint32_t *memory) {
    tck_fully_connected_lut_s8_dsp(p, input, output, memory, 0);
}

#endif
