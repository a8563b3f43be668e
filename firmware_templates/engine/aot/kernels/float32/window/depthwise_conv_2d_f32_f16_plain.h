/* DEPTHWISE_CONV_2D on float32 with weights in half precision. */
#ifndef TCK_DEPTHWISE_CONV_2D_F32_F16_PLAIN_H
#define TCK_DEPTHWISE_CONV_2D_F32_F16_PLAIN_H

#include "depthwise_conv_2d_f32.h"

TCK_KERNEL void tck_depthwise_conv_2d_f32_f16_plain(const tck_depthwise_conv_2d_f32_params *p,
                                                    const float *input, float *output) {
    tck_depthwise_conv_2d_f32(p, input, output, 2);
}

#endif
