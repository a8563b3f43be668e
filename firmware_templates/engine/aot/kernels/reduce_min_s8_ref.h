/* REDUCE_MIN on int8 over any axes. */
#ifndef TCK_REDUCE_MIN_S8_REF_H
#define TCK_REDUCE_MIN_S8_REF_H

#include "reduce_s8.h"

TCK_KERNEL void tck_reduce_min_s8_ref(const tck_reduce_s8_params *p, const int8_t *input,
                                      int8_t *output) {
    tck_reduce_s8(p, tck_min, input, output);
}

#endif
