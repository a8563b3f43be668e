/* GATHER_ND of elements of any type: parameters and loops. */
#ifndef TCK_GATHER_ND_H
#define TCK_GATHER_ND_H

#include "index_at.h"

/* input [sizes.., bytes], indices [count, depth] -> output [count, bytes] */
typedef struct {
    int32_t count;
    int32_t depth;
    int32_t bytes;
    const int32_t *sizes; /* [depth] */
} tck_gather_nd_params;

/* `at` is inlined, since it is known where this is. */
TCK_INLINE void tck_gather_nd(const tck_gather_nd_params *p, tck_index_at at, const int8_t *input,
                              const void *indices, int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        int32_t row = 0;
        for (int32_t d = 0; d < p->depth; ++d) {
            row = row * p->sizes[d] + at(indices, i * p->depth + d, p->sizes[d] - 1);
        }
        for (int32_t j = 0; j < p->bytes; ++j) {
            *output++ = input[row * p->bytes + j];
        }
    }
}

#endif
