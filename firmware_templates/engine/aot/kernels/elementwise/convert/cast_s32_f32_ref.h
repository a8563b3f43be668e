/* CAST from int32 to float32, to nearest. */
#ifndef TCK_CAST_S32_F32_REF_H
#define TCK_CAST_S32_F32_REF_H

#include "../../../tck_math.h"

typedef struct {
    int32_t count;
} tck_cast_f32_params;

TCK_KERNEL void tck_cast_s32_f32_ref(const tck_cast_f32_params *p, const int32_t *input,
                                     float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (float)input[i];
    }
}

#endif
