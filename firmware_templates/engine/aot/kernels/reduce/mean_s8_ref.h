/* MEAN on int8 over any axes. */
#ifndef TCK_MEAN_S8_REF_H
#define TCK_MEAN_S8_REF_H

#include "mean.h"

TCK_KERNEL void tck_mean_s8_ref(const tck_mean_params *p, const int8_t *input, int8_t *output) {
    tck_mean(p, input, output, 1);
}

#endif
