/* AVERAGE_POOL_2D and MAX_POOL_2D: parameters, and the walk over windows, of every variant. */
#ifndef TCK_POOL_2D_H
#define TCK_POOL_2D_H

#include "../../tck_math.h"
#include "../common/window.h"

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
    int32_t clamp_min;
    int32_t clamp_max;
} tck_pool_2d_params;

/* What of an output's window lies inside the input. */
typedef struct {
    const void *first; /* channel 0 of its first pixel */
    int32_t rows;
    int32_t columns;
} tck_pool_window;

/* Computes all channels of one output pixel. */
typedef void (*tck_pool_pixel)(const tck_pool_2d_params *p, const tck_pool_window *window,
                               void *output);

/* input [N, H, W, C] -> output [N, H, W, C] of elements of so many bytes. `pixel` is inlined, since
 * it is known where this is. */
TCK_INLINE void tck_pool_2d(const tck_pool_2d_params *p, tck_pool_pixel pixel, int32_t bytes,
                            const void *input, void *output) {
    const int8_t *image = (const int8_t *)input;
    int8_t *to = (int8_t *)output;
    const int32_t pixel_bytes = p->channels * bytes;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys = tck_taps_inside(y, p->input_height, p->filter_height, 1);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs = tck_taps_inside(x, p->input_width, p->filter_width, 1);
                const int32_t first = (y + ys.begin) * p->input_width + x + xs.begin;
                const tck_pool_window window = {image + first * pixel_bytes, ys.end - ys.begin,
                                                xs.end - xs.begin};
                pixel(p, &window, to);
                to += pixel_bytes;
            }
        }
        image += p->input_height * p->input_width * pixel_bytes;
    }
}

#endif
