/* The windows of a CONV_2D without groups or dilation: where they lie, and copies of their taps. */
#ifndef TCK_CONV_WINDOW_S8_H
#define TCK_CONV_WINDOW_S8_H

#include "../../tck_bytes.h"
#include "../../tck_simd.h"
#include "../common/window.h"

typedef struct {
    uint16_t input_height;
    uint16_t input_width;
    uint16_t input_channels;
    uint16_t output_width;
    uint16_t filter_height;
    uint16_t filter_width;
    uint16_t stride_height;
    uint16_t stride_width;
    int16_t pad_top;
    int16_t pad_left;
    int8_t zero_point; /* of the input: the value of taps outside it */
} tck_conv_window;

/* Top left corner of a window in the input, and the output column that it is for. */
typedef struct {
    int32_t y;
    int32_t x;
    int32_t column;
} tck_corner;

TCK_INLINE tck_corner tck_first_corner(const tck_conv_window *w) {
    return (tck_corner){-w->pad_top, -w->pad_left, 0};
}

TCK_INLINE tck_corner tck_next_corner(const tck_conv_window *w, tck_corner at) {
    if (at.column + 1 == w->output_width) {
        return (tck_corner){at.y + w->stride_height, -w->pad_left, 0};
    }
    return (tck_corner){at.y, at.x + w->stride_width, at.column + 1};
}

TCK_INLINE int32_t tck_window_inside(const tck_conv_window *w, tck_corner at) {
    return at.y >= 0 && at.y + w->filter_height <= w->input_height && at.x >= 0 &&
           at.x + w->filter_width <= w->input_width;
}

/* Copies the taps of some columns from a window's corner on: rows of width * input_channels bytes.
 */
TCK_INLINE void tck_gather_columns_of(const tck_conv_window *w, const int8_t *input, tck_corner at,
                                      int32_t width, int8_t *rows) {
    const int32_t channels = w->input_channels;
    const tck_taps xs = tck_taps_inside(at.x, w->input_width, width, 1);
    for (int32_t ky = 0; ky < w->filter_height; ++ky) {
        const int32_t y = at.y + ky;
        if (y < 0 || y >= w->input_height || xs.begin >= xs.end) {
            rows = tck_fill_bytes(rows, w->zero_point, width * channels);
            continue;
        }
        const int32_t from = (y * w->input_width + at.x + xs.begin) * channels;
        rows = tck_fill_bytes(rows, w->zero_point, xs.begin * channels);
        rows = tck_copy_bytes(rows, input + from, (xs.end - xs.begin) * channels);
        rows = tck_fill_bytes(rows, w->zero_point, (width - xs.end) * channels);
    }
}

/* The same where it is rare: at borders. */
TCK_SMALL void tck_gather_columns(const tck_conv_window *w, const int8_t *input, tck_corner at,
                                  int32_t width, int8_t *rows) {
    tck_gather_columns_of(w, input, at, width, rows);
}

/* Copies the taps of one window: rows of filter_width * input_channels bytes. */
TCK_SHARED void tck_gather_window(const tck_conv_window *w, const int8_t *input, tck_corner at,
                                  int8_t *rows) {
    tck_gather_columns_of(w, input, at, w->filter_width, rows);
}

#endif
