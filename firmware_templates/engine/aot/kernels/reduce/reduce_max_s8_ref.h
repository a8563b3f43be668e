/* REDUCE_MAX on int8 over any axes. */
#ifndef TCK_REDUCE_MAX_S8_REF_H
#define TCK_REDUCE_MAX_S8_REF_H

#include "reduce.h"

TCK_KERNEL void tck_reduce_max_s8_ref(const tck_reduce_params *p, const int8_t *input,
                                      int8_t *output) {
    tck_reduce(p, tck_max, 1, input, output);
}

#endif
