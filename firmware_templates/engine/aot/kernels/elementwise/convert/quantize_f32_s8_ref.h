/* QUANTIZE from float32 to int8. */
#ifndef TCK_QUANTIZE_F32_S8_REF_H
#define TCK_QUANTIZE_F32_S8_REF_H

#include "quantize_f32.h"

TCK_KERNEL void tck_quantize_f32_s8_ref(const tck_quantize_f32_params *p, const float *input,
                                        int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t stored = tck_quantize_f32_round(input[i] / p->scale, 1024.0f) + p->zero_point;
        output[i] = (int8_t)tck_clamp(stored, INT8_MIN, INT8_MAX);
    }
}

#endif
