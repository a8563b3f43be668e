/* CAST between integers: the low bytes are kept, the sign fills what is added. */
#ifndef TCK_CAST_REF_H
#define TCK_CAST_REF_H

#include "../../../tck_math.h"

/* Elements are little-endian, as on every core that this runs on. */
typedef struct {
    int32_t count;
    int32_t input_bytes; /* per element */
    int32_t output_bytes;
    int32_t input_has_sign;
} tck_cast_params;

TCK_KERNEL void tck_cast_ref(const tck_cast_params *p, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int8_t sign = p->input_has_sign != 0 && input[p->input_bytes - 1] < 0 ? -1 : 0;
        for (int32_t j = 0; j < p->output_bytes; ++j) {
            output[j] = j < p->input_bytes ? input[j] : sign;
        }
        input += p->input_bytes;
        output += p->output_bytes;
    }
}

#endif
