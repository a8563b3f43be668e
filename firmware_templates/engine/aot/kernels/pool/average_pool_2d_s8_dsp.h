/* AVERAGE_POOL_2D on int8 for cores with the DSP extension: four channels at a time. */
#ifndef TCK_AVERAGE_POOL_2D_S8_DSP_H
#define TCK_AVERAGE_POOL_2D_S8_DSP_H

#include "pool_2d.h"
#include "sums_s8_dsp.h"

/* Windows have TCK_SUM_ELEMENTS_DSP elements at most. */
TCK_INLINE void tck_average_pool_2d_s8_dsp_pixel(const tck_pool_2d_params *p,
                                                 const tck_pool_window *window, void *output) {
    const int32_t channels = p->channels, pitch = p->input_width * channels;
    const int32_t count = window->rows * window->columns;
    /* Rows that follow each other without a gap are one. */
    const int32_t run = window->columns == p->input_width ? count : window->columns;
    for (int32_t c = 0; c < channels; c += 4) {
        const int32_t begin = tck_min(c, channels - 4);
        const int8_t *row = (const int8_t *)window->first + begin;
        int8_t *const to = (int8_t *)output + begin;
        tck_sums_dsp sums = {0, 0};
        for (int32_t left = count; left > 0; left -= run) {
            sums = tck_add_pixels_dsp(sums, row, run, channels);
            row += pitch;
        }
        for (int32_t i = 0; i < 4; ++i) {
            to[i] = (int8_t)tck_clamp(tck_rounded_average(tck_sum_dsp(sums, i), count),
                                      p->clamp_min, p->clamp_max);
        }
    }
}

/* input [N, H, W, C] -> output [N, H, W, C], 4 channels or more; where they are no whole fours the
 * last have some that come before. */
TCK_SHARED void tck_average_pool_2d_s8_dsp(const tck_pool_2d_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_pool_2d(p, tck_average_pool_2d_s8_dsp_pixel, 1, input, output);
}

#endif
