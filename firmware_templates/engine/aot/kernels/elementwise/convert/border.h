/* Between a model's float inputs and outputs and its 8-bit inside: parameters of every variant. */
#ifndef TCK_BORDER_H
#define TCK_BORDER_H

#include "../../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t zero_point;
    float scale;
} tck_dequantize_params;

typedef struct {
    int32_t count;
    int32_t zero_point;
    float scale;
} tck_quantize_f32_params;

#endif
