/* Quantised values from int16 to int32. */
#ifndef TCK_RESCALE_S16_S32_REF_H
#define TCK_RESCALE_S16_S32_REF_H

#include "rescale.h"

TCK_KERNEL void tck_rescale_s16_s32_ref(const tck_rescale_params *p, const int16_t *input,
                                        int32_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int32_t)tck_rescale(p, input[i]);
    }
}

#endif
