/* FULLY_CONNECTED on int8, weights as indices into a codebook, products straight from the table,
 * requantised by a fitted multiply-add. */
#ifndef TCK_FULLY_CONNECTED_LUT_S8_FITTED_DSP_H
#define TCK_FULLY_CONNECTED_LUT_S8_FITTED_DSP_H

#include "fully_connected_lut_s8_dsp.h"

TCK_KERNEL void tck_fully_connected_lut_s8_fitted_dsp(const tck_fully_connected_lut_s8_params *p,
                                                      const int8_t *input, int8_t *output,
                                                      uint32_t *memory) {
    tck_fully_connected_lut_s8_dsp(p, input, output, memory, 1);
}

#endif
