/* ADD on int8; two roundings requantise the sum. */
#ifndef TCK_ADD_S8_TWO_ROUNDINGS_MVE_H
#define TCK_ADD_S8_TWO_ROUNDINGS_MVE_H

#include "add_s8_mve.h"

TCK_SHARED void tck_add_s8_two_roundings_mve(const tck_add_s8_dsp_params *p, const int8_t *input_1,
                                             const int8_t *input_2, int8_t *output) {
    tck_add_s8_mve(p, input_1, input_2, output, 0);
}

#endif
