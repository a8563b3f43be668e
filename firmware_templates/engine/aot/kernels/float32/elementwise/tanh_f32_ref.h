/* TANH on float32. */
#ifndef TCK_TANH_F32_REF_H
#define TCK_TANH_F32_REF_H

#include "map_f32.h"

TCK_INLINE float tck_tanh_f32_element(const tck_map_f32_params *p, float x) {
    (void)p;
    return tck_tanh_f32(x);
}

TCK_KERNEL void tck_tanh_f32_ref(const tck_map_f32_params *p, const float *input, float *output) {
    tck_map_f32(p, tck_tanh_f32_element, input, output);
}

#endif
