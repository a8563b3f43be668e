/* DEPTHWISE_CONV_2D on int8 with a 3x3 filter and horizontal stride 1. */
#ifndef TCK_DEPTHWISE_3X3_S8_1_DSP_H
#define TCK_DEPTHWISE_3X3_S8_1_DSP_H

#include "depthwise_3x3_s8_dsp.h"

static void tck_depthwise_3x3_1_band(const tck_depthwise_planes_s8_params *p, const int16_t *plane,
                                     int32_t channel, int32_t rows, int8_t *output,
                                     int32_t *scratch) {
    (void)scratch;
    tck_depthwise_3x3_band(p, plane, channel, rows, output, tck_depthwise_3x3_1);
}

TCK_KERNEL void tck_depthwise_3x3_s8_1_dsp(const tck_depthwise_planes_s8_params *p,
                                           const int8_t *input, int8_t *output, int32_t *scratch) {
    tck_depthwise_planes(p, input, output, scratch, tck_depthwise_3x3_1_band);
}

#endif
