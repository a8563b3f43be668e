/* AVERAGE_POOL_2D on int8 for cores with MVE: eight channels at a time, summed in 16 bits. */
#ifndef TCK_AVERAGE_POOL_2D_S8_MVE_H
#define TCK_AVERAGE_POOL_2D_S8_MVE_H

#include "pool_2d.h"
#include "sums_s8_mve.h"

TCK_INLINE void tck_average_pool_2d_s8_mve_pixel(const tck_pool_2d_params *p,
                                                 const tck_pool_window *window, void *output) {
    const tck_sums_window_mve shape = {window->rows, window->columns, p->channels,
                                       p->input_width * p->channels};
    const int8_t *const from = (const int8_t *)window->first;
    int8_t *const to = (int8_t *)output;
    const int32_t count = window->rows * window->columns;
    for (int32_t c = 0; c < p->channels; c += TCK_SUM_LANES_MVE) {
        const int32_t begin = tck_min(c, p->channels - TCK_SUM_LANES_MVE);
        int16_t sums[TCK_SUM_LANES_MVE];
        tck_sums_s8_mve(&shape, from + begin, sums);
        for (int32_t i = 0; i < TCK_SUM_LANES_MVE; ++i) {
            to[begin + i] =
                (int8_t)tck_clamp(tck_rounded_average(sums[i], count), p->clamp_min, p->clamp_max);
        }
    }
}

/* input [N, H, W, C] -> output [N, H, W, C], 8 channels or more; where they are no whole eights the
 * last have some that come before. */
TCK_SHARED void tck_average_pool_2d_s8_mve(const tck_pool_2d_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_pool_2d(p, tck_average_pool_2d_s8_mve_pixel, 1, input, output);
}

#endif
