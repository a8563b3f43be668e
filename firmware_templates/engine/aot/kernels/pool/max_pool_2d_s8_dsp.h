/* MAX_POOL_2D on int8 for cores with the DSP extension: four channels at a time. */
#ifndef TCK_MAX_POOL_2D_S8_DSP_H
#define TCK_MAX_POOL_2D_S8_DSP_H

#include "../../tck_simd.h"
#include "pool_2d.h"

TCK_INLINE void tck_max_pool_2d_s8_dsp_pixel(const tck_pool_2d_params *p,
                                             const tck_pool_window *window, void *output) {
    const int32_t channels = p->channels, pitch = p->input_width * channels;
    const uint32_t ones = 0x01010101U;
    const uint32_t low = ((uint32_t)p->clamp_min & 0xFFU) * ones;
    const uint32_t high = ((uint32_t)p->clamp_max & 0xFFU) * ones;
    for (int32_t c = 0; c < channels; c += 4) {
        const int32_t begin = tck_min(c, channels - 4);
        const int8_t *row = (const int8_t *)window->first + begin;
        uint32_t largest = low;
        for (int32_t rows = window->rows; rows > 0; --rows) {
            const int8_t *at = row;
            for (int32_t columns = window->columns; columns > 0; --columns) {
                largest = tck_max_s8x4(tck_load_word(at), largest);
                at += channels;
            }
            row += pitch;
        }
        tck_store_word((int8_t *)output + begin, tck_min_s8x4(largest, high));
    }
}

/* input [N, H, W, C] -> output [N, H, W, C], 4 channels or more; where they are no whole fours the
 * last have some that come before. */
TCK_SHARED void tck_max_pool_2d_s8_dsp(const tck_pool_2d_params *p, const int8_t *input,
                                       int8_t *output) {
    tck_pool_2d(p, tck_max_pool_2d_s8_dsp_pixel, 1, input, output);
}

#endif
