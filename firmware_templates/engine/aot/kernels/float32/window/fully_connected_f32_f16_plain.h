/* FULLY_CONNECTED on float32 with weights in half precision. */
#ifndef TCK_FULLY_CONNECTED_F32_F16_PLAIN_H
#define TCK_FULLY_CONNECTED_F32_F16_PLAIN_H

#include "fully_connected_f32.h"

TCK_KERNEL void tck_fully_connected_f32_f16_plain(const tck_fully_connected_f32_params *p,
                                                  const float *input, float *output) {
    tck_fully_connected_f32(p, input, output, 2);
}

#endif
