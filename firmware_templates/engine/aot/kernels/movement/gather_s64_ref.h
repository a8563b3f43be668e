/* GATHER by int64 indices. */
#ifndef TCK_GATHER_S64_REF_H
#define TCK_GATHER_S64_REF_H

#include "gather.h"

TCK_KERNEL void tck_gather_s64_ref(const tck_gather_params *p, const int8_t *input,
                                   const int64_t *indices, int8_t *output) {
    tck_gather(p, tck_index_s64, input, indices, output);
}

#endif
