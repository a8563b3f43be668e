/* GATHER of elements of any type: parameters and loops. */
#ifndef TCK_GATHER_H
#define TCK_GATHER_H

#include "index_at.h"

/* input [batches, outer, axis_size, bytes], indices [batches, count]
 * -> output [batches, outer, count, bytes] */
typedef struct {
    int32_t batches;
    int32_t outer;
    int32_t axis_size;
    int32_t count;
    int32_t bytes;
} tck_gather_params;

/* `at` is inlined, since it is known where this is. */
TCK_INLINE void tck_gather(const tck_gather_params *p, tck_index_at at, const int8_t *input,
                           const void *indices, int8_t *output) {
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t outer = 0; outer < p->outer; ++outer) {
            for (int32_t i = 0; i < p->count; ++i) {
                const int8_t *row =
                    input + at(indices, batch * p->count + i, p->axis_size - 1) * p->bytes;
                for (int32_t j = 0; j < p->bytes; ++j) {
                    *output++ = row[j];
                }
            }
            input += p->axis_size * p->bytes;
        }
    }
}

#endif
