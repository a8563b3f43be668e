/* FULLY_CONNECTED on int8 without scratch memory, requantised by a fitted multiply-add. */
#ifndef TCK_FULLY_CONNECTED_DIRECT_S8_FITTED_DSP_H
#define TCK_FULLY_CONNECTED_DIRECT_S8_FITTED_DSP_H

#include "fully_connected_s8_dsp.h"

TCK_SHARED void
tck_fully_connected_direct_s8_fitted_dsp(const tck_fully_connected_s8_fast_params *p,
                                         const int8_t *input, int8_t *output) {
    tck_fully_connected_direct_s8_dsp(p, input, output, 1);
}

#endif
