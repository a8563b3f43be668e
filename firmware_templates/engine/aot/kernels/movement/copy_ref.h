/* Bytes from one strided view to another: whatever moves elements and computes nothing. */
#ifndef TCK_COPY_REF_H
#define TCK_COPY_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t size_0; /* outermost loop */
    int32_t size_1;
    int32_t size_2;
    int32_t size_3;
    int32_t size_4;
    int32_t size_5;
    int32_t from_0; /* bytes from one element to the next */
    int32_t from_1;
    int32_t from_2;
    int32_t from_3;
    int32_t from_4;
    int32_t from_5;
    int32_t to_0;
    int32_t to_1;
    int32_t to_2;
    int32_t to_3;
    int32_t to_4;
    int32_t to_5;
    int32_t from_offset;
    int32_t to_offset;
} tck_copy_params;

/* The three inner loops; from and to are where they begin. */
TCK_INLINE void tck_copy_ref_block(const tck_copy_params *p, const int8_t *input, int32_t from,
                                   int8_t *output, int32_t to) {
    for (int32_t d = 0; d < p->size_3; ++d) {
        for (int32_t e = 0; e < p->size_4; ++e) {
            const int32_t source = from + d * p->from_3 + e * p->from_4;
            const int32_t target = to + d * p->to_3 + e * p->to_4;
            for (int32_t f = 0; f < p->size_5; ++f) {
                output[target + f * p->to_5] = input[source + f * p->from_5];
            }
        }
    }
}

TCK_KERNEL void tck_copy_ref(const tck_copy_params *p, const int8_t *input, int8_t *output) {
    for (int32_t a = 0; a < p->size_0; ++a) {
        for (int32_t b = 0; b < p->size_1; ++b) {
            for (int32_t c = 0; c < p->size_2; ++c) {
                const int32_t from = a * p->from_0 + b * p->from_1 + c * p->from_2;
                const int32_t to = a * p->to_0 + b * p->to_1 + c * p->to_2;
                tck_copy_ref_block(p, input, p->from_offset + from, output, p->to_offset + to);
            }
        }
    }
}

#endif
