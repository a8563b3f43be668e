/* CONV_2D on int8 without groups or dilation, for cores with MVE: two windows at a time. */
#ifndef TCK_CONV_2D_S8_MVE_H
#define TCK_CONV_2D_S8_MVE_H

#include "conv_window_s8.h"
#include "pointwise/pixels_s8_mve.h"

typedef struct {
    int32_t output_area;
    const uint32_t *stream; /* for pixels_s8_mve.h */
    int32_t stream_words;
    tck_conv_window window;
    uint16_t batches;
    uint16_t output_channels; /* 4 or more */
    uint16_t chunks;          /* vectors that hold all taps */
    uint16_t four_words;      /* of the stream, for four channels */
    uint8_t fraction_bits;    /* of fitted lines */
    int8_t output_zero_point;
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_2d_s8_mve_params;

/* Copies one row of bytes after the other; `rows` and `bytes` are 1 or more. */
TCK_INLINE void tck_copy_rows_mve(int8_t *to, const int8_t *from, int32_t rows, int32_t bytes,
                                  int32_t pitch) {
#if TCK_MVE
    int8_t *row_to;
    const int8_t *row_from;
    __asm__ volatile("1:\n"
                     "dlstp.8 lr, %[bytes]\n"
                     "mov    %[row_from], %[from]\n"
                     "mov    %[row_to], %[to]\n"
                     "2:\n"
                     "vldrb.8 q0, [%[row_from]], #16\n"
                     "vstrb.8 q0, [%[row_to]], #16\n"
                     "letp   lr, 2b\n"
                     "add    %[from], %[from], %[pitch]\n"
                     "add    %[to], %[to], %[bytes]\n"
                     "subs   %[rows], %[rows], #1\n"
                     "bne    1b\n"
                     : [to] "+&r"(to), [from] "+&r"(from), [rows] "+&r"(rows),
                       [row_to] "=&r"(row_to), [row_from] "=&r"(row_from)
                     : [bytes] "r"(bytes), [pitch] "r"(pitch)
                     : "lr", "q0", "cc", "memory");
#else
    for (int32_t row = 0; row < rows; ++row) {
        tck_copy_mve(to + row * bytes, from + row * pitch, bytes);
    }
#endif
}

/* Copies the taps of one window; taps outside are zero points. */
TCK_SHARED void tck_gather_window_mve(const tck_conv_window *w, const int8_t *input, tck_corner at,
                                      int8_t *taps) {
    const int32_t channels = w->input_channels;
    const int32_t row = w->filter_width * channels;
    const int32_t pitch = w->input_width * channels;
    if (tck_window_inside(w, at)) {
        tck_copy_rows_mve(taps, input + at.y * pitch + at.x * channels, w->filter_height, row,
                          pitch);
        return;
    }
    const tck_taps xs = tck_taps_inside(at.x, w->input_width, w->filter_width, 1);
    const int32_t begin = xs.begin * channels, count = (xs.end - xs.begin) * channels;
    const int32_t column = (at.x + xs.begin) * channels;
    const int32_t whole = count == row;
    for (int32_t y = at.y; y < at.y + w->filter_height; ++y, taps += row) {
        const int32_t inside = y >= 0 && y < w->input_height;
        if (!inside || !whole) {
            tck_fill_mve(taps, w->zero_point, row);
        }
        if (inside) {
            tck_copy_mve(taps + begin, input + y * pitch + column, count);
        }
    }
}

/* Two windows lie in `windows` one behind the other, each in whole vectors: weights are 0 where
 * taps end, so that nobody needs to clear what follows them. The stream from `last` to `end` is of
 * the last four channels, some of which come before. */
TCK_INLINE void tck_conv_2d_s8_part_mve(const tck_conv_2d_s8_mve_params *p, const int8_t *input,
                                        int8_t *output, int8_t *windows, const uint32_t *last,
                                        const uint32_t *end, tck_pixels_pair_mve by) {
    const tck_conv_window *const w = &p->window;
    const int32_t window_bytes = p->chunks * TCK_MVE_BYTES;
    tck_pixels_s8_mve_work work = {.chunks = p->chunks,
                                   .first = windows,
                                   .second = windows + window_bytes,
                                   .minus_fraction_bits = -p->fraction_bits,
                                   .steps = 1,
                                   .outputs = p->output_channels,
                                   .clamp_min = p->clamp_min,
                                   .clamp_max = p->clamp_max,
                                   .zero_point = p->output_zero_point};
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner at = tck_first_corner(w);
        for (int32_t left = p->output_area; left > 0; left -= 2) {
            const tck_pixels_s8_mve pixels = left > 1 ? by.twos : by.ones;
            tck_gather_window_mve(w, input, at, windows);
            at = tck_next_corner(w, at);
            if (left > 1) {
                tck_gather_window_mve(w, input, at, windows + window_bytes);
                at = tck_next_corner(w, at);
            }
            work.stream = p->stream;
            work.stream_end = last;
            work.output = output;
            pixels(&work);
            if (last != end) {
                work.stream = last;
                work.stream_end = end;
                work.output = output + p->output_channels - 4;
                pixels(&work);
            }
            output += (left > 1 ? 2 : 1) * p->output_channels;
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}

TCK_SHARED void tck_conv_2d_s8_all_mve(const tck_conv_2d_s8_mve_params *p, const int8_t *input,
                                       int8_t *output, int8_t *windows, tck_pixels_pair_mve by) {
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = p->output_channels % 4 != 0 ? end - p->four_words : end;
    tck_conv_2d_s8_part_mve(p, input, output, windows, last, end, by);
}

TCK_INLINE void tck_conv_2d_s8_mve(const tck_conv_2d_s8_mve_params *p, const int8_t *input,
                                   int8_t *output, int8_t *windows, int32_t fitted) {
    tck_conv_2d_s8_all_mve(p, input, output, windows, tck_pixels_by_mve(fitted, 0));
}

#endif
