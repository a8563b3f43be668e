/* MEAN on int16 over any axes. */
#ifndef TCK_MEAN_S16_REF_H
#define TCK_MEAN_S16_REF_H

#include "mean.h"

TCK_KERNEL void tck_mean_s16_ref(const tck_mean_params *p, const int16_t *input, int16_t *output) {
    tck_mean(p, input, output, 2);
}

#endif
