/* LEAKY_RELU on float32. */
#ifndef TCK_LEAKY_RELU_F32_REF_H
#define TCK_LEAKY_RELU_F32_REF_H

#include "map_f32.h"

TCK_INLINE float tck_leaky_relu_f32_element(const tck_map_f32_params *p, float x) {
    return x > 0.0f ? x : x * p->low;
}

TCK_KERNEL void tck_leaky_relu_f32_ref(const tck_map_f32_params *p, const float *input,
                                       float *output) {
    tck_map_f32(p, tck_leaky_relu_f32_element, input, output);
}

#endif
