/* GATHER by int32 indices. */
#ifndef TCK_GATHER_REF_H
#define TCK_GATHER_REF_H

#include "gather.h"

TCK_KERNEL void tck_gather_ref(const tck_gather_params *p, const int8_t *input,
                               const int32_t *indices, int8_t *output) {
    tck_gather(p, tck_index_s32, input, indices, output);
}

#endif
