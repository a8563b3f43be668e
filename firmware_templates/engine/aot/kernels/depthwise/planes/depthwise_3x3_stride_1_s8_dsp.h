/* DEPTHWISE_CONV_2D on int8 with a 3x3 filter and horizontal stride 1, one channel at a time. */
#ifndef TCK_DEPTHWISE_3X3_STRIDE_1_S8_DSP_H
#define TCK_DEPTHWISE_3X3_STRIDE_1_S8_DSP_H

#include "depthwise_3x3_rows_stride_1_s8_dsp.h"

TCK_KERNEL void tck_depthwise_3x3_stride_1_s8_dsp(const tck_depthwise_planes_s8_params *p,
                                                  const int8_t *input, int8_t *output,
                                                  int32_t *scratch) {
    tck_depthwise_3x3_one(p, input, output, scratch, tck_depthwise_3x3_1, TCK_3X3_1_PARTS);
}

#endif
