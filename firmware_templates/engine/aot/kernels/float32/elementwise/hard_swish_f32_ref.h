/* HARD_SWISH on float32. */
#ifndef TCK_HARD_SWISH_F32_REF_H
#define TCK_HARD_SWISH_F32_REF_H

#include "map_f32.h"

TCK_INLINE float tck_hard_swish_f32_element(const tck_map_f32_params *p, float x) {
    (void)p;
    return x * tck_clamp_f32(x + 3.0f, 0.0f, 6.0f) / 6.0f;
}

TCK_KERNEL void tck_hard_swish_f32_ref(const tck_map_f32_params *p, const float *input,
                                       float *output) {
    tck_map_f32(p, tck_hard_swish_f32_element, input, output);
}

#endif
