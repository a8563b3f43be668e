/* REDUCE_MIN on int16 over any axes. */
#ifndef TCK_REDUCE_MIN_S16_REF_H
#define TCK_REDUCE_MIN_S16_REF_H

#include "reduce.h"

TCK_KERNEL void tck_reduce_min_s16_ref(const tck_reduce_params *p, const int16_t *input,
                                       int16_t *output) {
    tck_reduce(p, tck_min, 2, input, output);
}

#endif
