/* AVERAGE_POOL_2D and MAX_POOL_2D on float32: parameters, and the walk over windows. */
#ifndef TCK_POOL_2D_F32_H
#define TCK_POOL_2D_F32_H

#include "../../common/window.h"
#include "../common/float32.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    float clamp_min;
    float clamp_max;
} tck_pool_2d_f32_params;

/* What of an output's window lies inside the input: one channel of it. */
typedef struct {
    const float *first;
    int32_t rows;
    int32_t columns;
    int32_t down; /* elements from one row to the next */
    int32_t right;
} tck_pool_2d_f32_window;

/* Makes one element of a window. */
typedef float (*tck_pool_2d_f32_element)(const tck_pool_2d_f32_window *window);

/* input [N, H, W, C] -> output [N, H, W, C]. `element` is inlined, since it is known where this
 * is. */
TCK_INLINE void tck_pool_2d_f32(const tck_pool_2d_f32_params *p, tck_pool_2d_f32_element element,
                                const float *input, float *output) {
    tck_pool_2d_f32_window window = {input, 0, 0, p->input_width * p->channels, p->channels};
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys = tck_taps_inside(y, p->input_height, p->filter_height, 1);
            window.rows = ys.end - ys.begin;
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs = tck_taps_inside(x, p->input_width, p->filter_width, 1);
                const int32_t pixel = (y + ys.begin) * p->input_width + x + xs.begin;
                window.columns = xs.end - xs.begin;
                for (int32_t c = 0; c < p->channels; ++c) {
                    window.first = input + pixel * p->channels + c;
                    *output++ = tck_clamp_f32(element(&window), p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->channels;
    }
}

#endif
