/* FULLY_CONNECTED on int8, requantised with two roundings; see fully_connected_s8_dsp.h. */
#ifndef TCK_FULLY_CONNECTED_S8_TWO_ROUNDINGS_DSP_H
#define TCK_FULLY_CONNECTED_S8_TWO_ROUNDINGS_DSP_H

#include "fully_connected_s8_dsp.h"

TCK_SHARED void
tck_fully_connected_s8_two_roundings_dsp(const tck_fully_connected_s8_fast_params *p,
                                         const int8_t *input, int8_t *output, uint32_t *pairs) {
    tck_fully_connected_s8_dsp(p, input, output, pairs, 0);
}

#endif
