/* TANH on int16 to int16 at scale 2^-15. */
#ifndef TCK_TANH_S16_REF_H
#define TCK_TANH_S16_REF_H

#include "lut_s16.h"

TCK_KERNEL void tck_tanh_s16_ref(const tck_lut_s16_params *p, const int16_t *input,
                                 int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = tck_tanh_s16(tck_lut_s16_position(p, input[i]), p->table);
    }
}

#endif
