/* DEQUANTIZE from int8 to float32. */
#ifndef TCK_DEQUANTIZE_S8_REF_H
#define TCK_DEQUANTIZE_S8_REF_H

#include "border.h"

TCK_KERNEL void tck_dequantize_s8_ref(const tck_dequantize_params *p, const int8_t *input,
                                      float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}

#endif
