/* MAX_POOL_2D on int16: the largest element inside the input. */
#ifndef TCK_MAX_POOL_2D_S16_REF_H
#define TCK_MAX_POOL_2D_S16_REF_H

#include "max_pool_2d.h"

TCK_INLINE void tck_max_pool_2d_s16_pixel(const tck_pool_2d_params *p,
                                          const tck_pool_window *window, void *output) {
    tck_max_pool_2d_pixel(p, window, output, 2);
}

/* input [N, H, W, C] -> output [N, H, W, C] */
TCK_KERNEL void tck_max_pool_2d_s16_ref(const tck_pool_2d_params *p, const int16_t *input,
                                        int16_t *output) {
    tck_pool_2d(p, tck_max_pool_2d_s16_pixel, 2, input, output);
}

#endif
