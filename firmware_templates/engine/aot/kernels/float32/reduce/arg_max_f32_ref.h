/* ARG_MAX on float32 along one dimension, as int32. */
#ifndef TCK_ARG_MAX_F32_REF_H
#define TCK_ARG_MAX_F32_REF_H

#include "arg_max_f32.h"

TCK_KERNEL void tck_arg_max_f32_ref(const tck_arg_max_f32_params *p, const float *input,
                                    int32_t *output) {
    for (int32_t a = 0; a < p->outer; ++a) {
        for (int32_t b = 0; b < p->inner; ++b) {
            *output++ = tck_arg_max_f32_best(p, 1.0f, input + a * p->count * p->inner + b);
        }
    }
}

#endif
