/* Quantised values from int8 to int32. */
#ifndef TCK_RESCALE_S8_S32_REF_H
#define TCK_RESCALE_S8_S32_REF_H

#include "rescale.h"

TCK_KERNEL void tck_rescale_s8_s32_ref(const tck_rescale_params *p, const int8_t *input,
                                       int32_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int32_t)tck_rescale(p, input[i]);
    }
}

#endif
