/* One value for every byte. */
#ifndef TCK_FILL_REF_H
#define TCK_FILL_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t value;
} tck_fill_params;

TCK_KERNEL void tck_fill_ref(const tck_fill_params *p, int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int8_t)p->value;
    }
}

#endif
