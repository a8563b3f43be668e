/* CONV_2D on int8 for Thumb-1 cores, two products by each MULS, requantised by a fitted
 * multiply-add. */
#ifndef TCK_CONV_2D_WORDS_S8_FITTED_THUMB1_H
#define TCK_CONV_2D_WORDS_S8_FITTED_THUMB1_H

#include "conv_2d_s8_thumb1.h"

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_SHARED void tck_conv_2d_words_s8_fitted_thumb1(const tck_conv_2d_s8_thumb1_params *p,
                                                   const int8_t *input, int8_t *output,
                                                   uint32_t *scratch) {
    tck_conv_2d_s8_thumb1(p, input, output, (uint8_t *)scratch, p->fraction_bits,
                          tck_outputs_fitted_thumb1, 1);
}

#endif
