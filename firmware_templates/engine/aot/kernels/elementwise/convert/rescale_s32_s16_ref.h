/* Quantised values from int32 to int16. */
#ifndef TCK_RESCALE_S32_S16_REF_H
#define TCK_RESCALE_S32_S16_REF_H

#include "rescale.h"

TCK_KERNEL void tck_rescale_s32_s16_ref(const tck_rescale_params *p, const int32_t *input,
                                        int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int16_t)tck_rescale(p, input[i]);
    }
}

#endif
