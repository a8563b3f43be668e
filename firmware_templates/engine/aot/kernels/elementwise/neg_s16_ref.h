/* NEG on int16, modulo 2^16. */
#ifndef TCK_NEG_S16_REF_H
#define TCK_NEG_S16_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
} tck_neg_s16_params;

TCK_KERNEL void tck_neg_s16_ref(const tck_neg_s16_params *p, const int16_t *input,
                                int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int16_t)-input[i];
    }
}

#endif
