/* DEPTHWISE_CONV_2D on int8 by windows of 3 by 3, requantised by a fitted line; see
 * depthwise_s8_mve.h. */
#ifndef TCK_DEPTHWISE_3X3_S8_FITTED_MVE_H
#define TCK_DEPTHWISE_3X3_S8_FITTED_MVE_H

#include "depthwise_s8_mve.h"

/* input [N, H, W, C] -> output [N, H, W, C]; strides of 1 or 2 along the width */
TCK_KERNEL void tck_depthwise_3x3_s8_fitted_mve(const tck_depthwise_s8_mve_params *p,
                                                const int8_t *input, int8_t *output,
                                                int8_t *buffer) {
    tck_depthwise_s8_mve(p, input, output, buffer, tck_depthwise_3x3_by_mve(p, 1),
                         -p->fraction_bits);
}

#endif
