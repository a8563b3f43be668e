/* RELU and its kin on float32. */
#ifndef TCK_CLAMP_F32_REF_H
#define TCK_CLAMP_F32_REF_H

#include "map_f32.h"

TCK_INLINE float tck_clamp_f32_element(const tck_map_f32_params *p, float x) {
    return tck_clamp_f32(x, p->low, p->high);
}

TCK_KERNEL void tck_clamp_f32_ref(const tck_map_f32_params *p, const float *input, float *output) {
    tck_map_f32(p, tck_clamp_f32_element, input, output);
}

#endif
