/* ARG_MIN on float32 along one dimension, as int64. */
#ifndef TCK_ARG_MIN_F32_S64_REF_H
#define TCK_ARG_MIN_F32_S64_REF_H

#include "arg_max_f32.h"

TCK_KERNEL void tck_arg_min_f32_s64_ref(const tck_arg_max_f32_params *p, const float *input,
                                        int64_t *output) {
    for (int32_t a = 0; a < p->outer; ++a) {
        for (int32_t b = 0; b < p->inner; ++b) {
            *output++ = tck_arg_max_f32_best(p, -1.0f, input + a * p->count * p->inner + b);
        }
    }
}

#endif
