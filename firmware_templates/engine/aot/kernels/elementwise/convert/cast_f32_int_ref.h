/* CAST from float32 to integers of up to 32 bits: what is behind the point is dropped. */
#ifndef TCK_CAST_F32_INT_REF_H
#define TCK_CAST_F32_INT_REF_H

#include "../../../tck_math.h"

/* Elements are little-endian, as on every core that this runs on. */
typedef struct {
    int32_t count;
    int32_t output_bytes; /* per element */
    int32_t smallest;     /* what is beyond is taken for the nearest, NaN for the smallest */
    int32_t largest;
} tck_cast_f32_int_params;

TCK_INLINE int32_t tck_truncated(float x) {
    if (!(x > -2147483648.0f)) {
        return INT32_MIN;
    }
    return x < 2147483648.0f ? (int32_t)x : INT32_MAX;
}

TCK_KERNEL void tck_cast_f32_int_ref(const tck_cast_f32_int_params *p, const float *input,
                                     int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t whole = tck_clamp(tck_truncated(input[i]), p->smallest, p->largest);
        for (int32_t j = 0; j < p->output_bytes; ++j) {
            *output++ = (int8_t)(whole >> (8 * j));
        }
    }
}

#endif
