/* QUANTIZE from float32 to int8. */
#ifndef TCK_QUANTIZE_F32_S8_REF_H
#define TCK_QUANTIZE_F32_S8_REF_H

#include "border.h"

/* x to the nearest integer, halves away from zero. Beyond +-1024, where every zero point saturates,
 * the limit stands for x; so it does for NaN, whose result no reference defines. */
TCK_INLINE int32_t tck_quantize_f32_s8_ref_round(float x) {
    const float limit = 1024.0f;
    const float limited = x < limit ? (x > -limit ? x : -limit) : limit;
    const int32_t whole = (int32_t)limited;
    const float rest = limited - (float)whole;
    return whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
}

TCK_KERNEL void tck_quantize_f32_s8_ref(const tck_quantize_f32_s8_params *p, const float *input,
                                        int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t stored = tck_quantize_f32_s8_ref_round(input[i] / p->scale) + p->zero_point;
        output[i] = (int8_t)tck_clamp(stored, INT8_MIN, INT8_MAX);
    }
}

#endif
