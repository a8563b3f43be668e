/* CAST from integers to bool: whether any byte is not 0. */
#ifndef TCK_CAST_BOOL_REF_H
#define TCK_CAST_BOOL_REF_H

#include "../../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t input_bytes; /* per element */
} tck_cast_bool_params;

TCK_KERNEL void tck_cast_bool_ref(const tck_cast_bool_params *p, const int8_t *input,
                                  uint8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        uint8_t found = 0;
        for (int32_t j = 0; j < p->input_bytes; ++j) {
            found = *input++ != 0 ? 1 : found;
        }
        output[i] = found;
    }
}

#endif
