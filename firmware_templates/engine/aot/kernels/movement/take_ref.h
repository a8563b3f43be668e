/* Bytes taken by an offset per loop: gathers, mirrored pads, nearest neighbours. */
#ifndef TCK_TAKE_REF_H
#define TCK_TAKE_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count_0;
    int32_t count_1;
    int32_t count_2;
    int32_t count_3;
    int32_t bytes;            /* that are taken at one place */
    const int32_t *offsets_0; /* in the input, bytes; the four are added */
    const int32_t *offsets_1;
    const int32_t *offsets_2;
    const int32_t *offsets_3;
} tck_take_params;

TCK_KERNEL void tck_take_ref(const tck_take_params *p, const int8_t *input, int8_t *output) {
    for (int32_t a = 0; a < p->count_0; ++a) {
        for (int32_t b = 0; b < p->count_1; ++b) {
            for (int32_t c = 0; c < p->count_2; ++c) {
                const int8_t *row = input + p->offsets_0[a] + p->offsets_1[b] + p->offsets_2[c];
                for (int32_t d = 0; d < p->count_3; ++d) {
                    for (int32_t i = 0; i < p->bytes; ++i) {
                        *output++ = row[p->offsets_3[d] + i];
                    }
                }
            }
        }
    }
}

#endif
