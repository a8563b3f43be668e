/* CAST from float32 to bool. */
#ifndef TCK_CAST_F32_BOOL_REF_H
#define TCK_CAST_F32_BOOL_REF_H

#include "../../../tck_math.h"

typedef struct {
    int32_t count;
} tck_cast_f32_bool_params;

TCK_KERNEL void tck_cast_f32_bool_ref(const tck_cast_f32_bool_params *p, const float *input,
                                      uint8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = input[i] < 0.0f || input[i] > 0.0f || input[i] != input[i] ? 1 : 0;
    }
}

#endif
