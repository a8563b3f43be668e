/* QUANTIZE from float32 to int16. */
#ifndef TCK_QUANTIZE_F32_S16_REF_H
#define TCK_QUANTIZE_F32_S16_REF_H

#include "quantize_f32.h"

TCK_KERNEL void tck_quantize_f32_s16_ref(const tck_quantize_f32_params *p, const float *input,
                                         int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t stored =
            tck_quantize_f32_round(input[i] / p->scale, 262144.0f) + p->zero_point;
        output[i] = (int16_t)tck_clamp(stored, INT16_MIN, INT16_MAX);
    }
}

#endif
