/* AVERAGE_POOL_2D on int8: the mean of the elements inside the input. */
#ifndef TCK_AVERAGE_POOL_2D_S8_REF_H
#define TCK_AVERAGE_POOL_2D_S8_REF_H

#include "average_pool_2d.h"

TCK_INLINE void tck_average_pool_2d_s8_pixel(const tck_pool_2d_params *p,
                                             const tck_pool_window *window, void *output) {
    tck_average_pool_2d_pixel(p, window, output, 1);
}

/* input [N, H, W, C] -> output [N, H, W, C] */
TCK_KERNEL void tck_average_pool_2d_s8_ref(const tck_pool_2d_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_pool_2d(p, tck_average_pool_2d_s8_pixel, 1, input, output);
}

#endif
