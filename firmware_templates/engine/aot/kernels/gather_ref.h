/* GATHER by indices that are known on the device only, of elements of any type. */
#ifndef TCK_GATHER_REF_H
#define TCK_GATHER_REF_H

#include "../tck_math.h"

typedef struct {
    int32_t outer;     /* product of the dimensions before the axis */
    int32_t axis_size; /* indices beyond it are taken for the nearest in it */
    int32_t count;     /* indices */
    int32_t bytes;     /* of all dimensions behind the axis */
} tck_gather_params;

TCK_KERNEL void tck_gather_ref(const tck_gather_params *p, const int8_t *input,
                               const int32_t *indices, int8_t *output) {
    for (int32_t outer = 0; outer < p->outer; ++outer) {
        for (int32_t i = 0; i < p->count; ++i) {
            const int8_t *row = input + tck_clamp(indices[i], 0, p->axis_size - 1) * p->bytes;
            for (int32_t j = 0; j < p->bytes; ++j) {
                *output++ = row[j];
            }
        }
        input += p->axis_size * p->bytes;
    }
}

#endif
