/* SVDF on int8 with an int8 state. */
#ifndef TCK_SVDF_S8_REF_H
#define TCK_SVDF_S8_REF_H

#include "svdf_s8.h"

TCK_KERNEL void tck_svdf_s8_ref(const tck_svdf_s8_params *p, const int8_t *input, int8_t *state,
                                int8_t *output) {
    tck_svdf_s8(p, input, state, output, 1);
}

#endif
