/* AVERAGE_POOL_2D and MAX_POOL_2D: parameters of every variant. */
#ifndef TCK_POOL_2D_H
#define TCK_POOL_2D_H

#include "../tck_math.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_pool_2d_params;

#endif
