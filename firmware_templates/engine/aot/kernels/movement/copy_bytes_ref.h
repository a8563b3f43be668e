/* Copies a tensor, of any element type; both pointers may be the same. */
#ifndef TCK_COPY_BYTES_REF_H
#define TCK_COPY_BYTES_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count; /* bytes */
} tck_copy_bytes_params;

TCK_KERNEL void tck_copy_bytes_ref(const tck_copy_bytes_params *p, const void *input,
                                   void *output) {
    const uint8_t *from = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < p->count; ++i) {
        to[i] = from[i];
    }
}

#endif
