/* LOGISTIC on float32: beyond the reference's limits 1, and e^x. */
#ifndef TCK_LOGISTIC_F32_REF_H
#define TCK_LOGISTIC_F32_REF_H

#include "map_f32.h"

TCK_INLINE float tck_logistic_f32_element(const tck_map_f32_params *p, float x) {
    (void)p;
    if (x > 0x1.09e798p+4f) { /* 1 + e^-x is 1 */
        return 1.0f;
    }
    if (x < -9.0f) {
        return tck_exp_f32(x);
    }
    return 1.0f / (1.0f + tck_exp_f32(-x));
}

TCK_KERNEL void tck_logistic_f32_ref(const tck_map_f32_params *p, const float *input,
                                     float *output) {
    tck_map_f32(p, tck_logistic_f32_element, input, output);
}

#endif
