/* CONV_2D on int8: parameters of every variant. */
#ifndef TCK_CONV_2D_S8_H
#define TCK_CONV_2D_S8_H

#include "../../tck_math.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t groups;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset; /* added to every tap inside the input; 0 where the bias holds it */
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [C_OUT, KH, KW, C_IN / groups] */
    const int32_t *bias;        /* [C_OUT] */
    const int32_t *multipliers; /* [C_OUT] */
    const int8_t *shifts;       /* [C_OUT] */
} tck_conv_2d_s8_params;

#endif
