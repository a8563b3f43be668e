/* SVDF on int8 with an int16 state. */
#ifndef TCK_SVDF_S8_S16_REF_H
#define TCK_SVDF_S8_S16_REF_H

#include "svdf_s8.h"

TCK_KERNEL void tck_svdf_s8_s16_ref(const tck_svdf_s8_params *p, const int8_t *input,
                                    int16_t *state, int8_t *output) {
    tck_svdf_s8(p, input, state, output, 2);
}

#endif
