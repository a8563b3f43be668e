/* Quantised values from int32 to int8. */
#ifndef TCK_RESCALE_S32_S8_REF_H
#define TCK_RESCALE_S32_S8_REF_H

#include "rescale.h"

TCK_KERNEL void tck_rescale_s32_s8_ref(const tck_rescale_params *p, const int32_t *input,
                                       int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int8_t)tck_rescale(p, input[i]);
    }
}

#endif
