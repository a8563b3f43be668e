/* GATHER_ND by int32 indices. */
#ifndef TCK_GATHER_ND_REF_H
#define TCK_GATHER_ND_REF_H

#include "gather_nd.h"

TCK_KERNEL void tck_gather_nd_ref(const tck_gather_nd_params *p, const int8_t *input,
                                  const int32_t *indices, int8_t *output) {
    tck_gather_nd(p, tck_index_s32, input, indices, output);
}

#endif
