/* SUM on float32 over any axes, and MEAN, which divides it. */
#ifndef TCK_SUM_F32_REF_H
#define TCK_SUM_F32_REF_H

#include "reduce_f32.h"

TCK_INLINE float tck_sum_f32_join(float a, float b) {
    return a + b;
}

TCK_KERNEL void tck_sum_f32_ref(const tck_reduce_f32_params *p, const float *input, float *output) {
    tck_reduce_f32(p, tck_sum_f32_join, input, output);
}

#endif
