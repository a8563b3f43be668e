/* MINIMUM on float32. */
#ifndef TCK_MINIMUM_F32_REF_H
#define TCK_MINIMUM_F32_REF_H

#include "binary_f32.h"

TCK_INLINE float tck_minimum_f32_element(float a, float b) {
    return tck_min_f32(a, b);
}

TCK_KERNEL void tck_minimum_f32_ref(const tck_binary_f32_params *p, const float *input_1,
                                    const float *input_2, float *output) {
    tck_binary_f32(p, tck_minimum_f32_element, input_1, input_2, output);
}

#endif
