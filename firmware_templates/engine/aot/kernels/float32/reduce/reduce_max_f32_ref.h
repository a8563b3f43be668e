/* REDUCE_MAX on float32 over any axes. */
#ifndef TCK_REDUCE_MAX_F32_REF_H
#define TCK_REDUCE_MAX_F32_REF_H

#include "reduce_f32.h"

TCK_KERNEL void tck_reduce_max_f32_ref(const tck_reduce_f32_params *p, const float *input,
                                       float *output) {
    tck_reduce_f32(p, tck_max_f32, input, output);
}

#endif
