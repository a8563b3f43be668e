/* MAX_POOL_2D on int8: the largest element inside the input. */
#ifndef TCK_MAX_POOL_2D_S8_REF_H
#define TCK_MAX_POOL_2D_S8_REF_H

#include "pool_2d.h"
#include "window.h"

/* input [N, H, W, C] -> output [N, H, W, C] */
TCK_KERNEL void tck_max_pool_2d_s8_ref(const tck_pool_2d_params *p, const int8_t *input,
                                       int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys = tck_taps_inside(y, p->input_height, p->filter_height, 1);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs = tck_taps_inside(x, p->input_width, p->filter_width, 1);
                for (int32_t c = 0; c < p->channels; ++c) {
                    int32_t largest = INT8_MIN;
                    for (int32_t iy = y + ys.begin; iy < y + ys.end; ++iy) {
                        for (int32_t ix = x + xs.begin; ix < x + xs.end; ++ix) {
                            largest = tck_max(largest,
                                              input[(iy * p->input_width + ix) * p->channels + c]);
                        }
                    }
                    *output++ = (int8_t)tck_clamp(largest, p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->channels;
    }
}

#endif
