/* CONV_2D on int8 without groups or dilation, for cores with the DSP extension. */
#ifndef TCK_CONV_2D_S8_DSP_H
#define TCK_CONV_2D_S8_DSP_H

#include "../common/clamp_s8.h"
#include "conv_window_s8.h"
#include "widen_s8_dsp.h"

typedef struct {
    int32_t output_area;
    const uint32_t *stream; /* for pixels_s8_dsp.h */
    int32_t stream_words;
    tck_conv_window window;
    uint16_t batches;
    uint16_t output_channels;   /* 2 or more */
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint16_t chunks; /* quads that hold all taps: those of the rows, then the rows' ends together */
    uint16_t pair_words; /* of the stream, for two channels */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_2d_s8_dsp_params;

/* One pixel's share of the columns; every fourth input starts six words further. */
TCK_SHARED uint32_t *tck_widen_1_dsp(uint32_t *columns, const int8_t *from, int32_t quads) {
    for (; quads > 0; --quads, from += 4, columns += 6) {
        const uint32_t quad = tck_load_word(from);
        columns[3] = tck_sxtb16_ror8(quad);
        columns[0] = tck_sxtb16(quad);
    }
    return columns;
}

TCK_INLINE uint32_t *tck_fill_1_dsp(uint32_t *columns, uint32_t pair, int32_t quads) {
    for (; quads > 0; --quads, columns += 6) {
        columns[3] = pair;
        columns[0] = pair;
    }
    return columns;
}

/* The columns of one pixel whose input channels are whole quads; taps outside are zero points. */
TCK_SHARED void tck_conv_2d_s8_dsp_quads(const tck_conv_window *w, const int8_t *input,
                                         tck_corner at, uint32_t *columns) {
    const int32_t quads = w->input_channels / 4;
    const uint32_t outside = tck_pair(w->zero_point, w->zero_point);
    const tck_taps xs = tck_taps_inside(at.x, w->input_width, w->filter_width, 1);
    for (int32_t ky = 0; ky < w->filter_height; ++ky) {
        const int32_t y = at.y + ky;
        if (y < 0 || y >= w->input_height || xs.begin >= xs.end) {
            columns = tck_fill_1_dsp(columns, outside, w->filter_width * quads);
            continue;
        }
        const int32_t from = (y * w->input_width + at.x + xs.begin) * w->input_channels;
        columns = tck_fill_1_dsp(columns, outside, xs.begin * quads);
        columns = tck_widen_1_dsp(columns, input + from, (xs.end - xs.begin) * quads);
        columns = tck_fill_1_dsp(columns, outside, (w->filter_width - xs.end) * quads);
    }
}

/* Three quads, one of each pixel, as columns. */
TCK_INLINE void tck_widen_quads_dsp(uint32_t *columns, uint32_t first, uint32_t second,
                                    uint32_t third) {
    columns[0] = tck_sxtb16(first);
    columns[1] = tck_sxtb16(second);
    columns[2] = tck_sxtb16(third);
    columns[3] = tck_sxtb16_ror8(first);
    columns[4] = tck_sxtb16_ror8(second);
    columns[5] = tck_sxtb16_ror8(third);
}

/* Taps of three pixels: those of the first, bytes from one pixel to the next, and between the rows
 * of each. */
typedef struct {
    const int8_t *begin;
    int32_t step;
    int32_t pitch;
} tck_tap_rows;

/* Up to four bytes, one of each row. */
TCK_INLINE uint32_t tck_quad_of_rows(const int8_t *at, int32_t pitch, int32_t rows) {
    uint32_t quad = (uint8_t)at[0];
    quad |= rows > 1 ? (uint32_t)(uint8_t)at[pitch] << 8 : 0;
    quad |= rows > 2 ? (uint32_t)(uint8_t)at[2 * pitch] << 16 : 0;
    quad |= rows > 3 ? (uint32_t)(uint8_t)at[3 * pitch] << 24 : 0;
    return quad;
}

/* The columns of count bytes of each row, all rows' together, of one pixel. */
TCK_SHARED void tck_widen_ends_dsp(uint32_t *columns, const int8_t *from, int32_t pitch,
                                   int32_t rows, int32_t count) {
    uint32_t quad = 0;
    int32_t bit = 0;
    for (int32_t i = 0; i < rows * count; ++i) {
        quad |= (uint32_t)(uint8_t)from[i / count * pitch + i % count] << bit;
        bit += 8;
        if (bit == 32 || i + 1 == rows * count) {
            columns[0] = tck_sxtb16(quad);
            columns[3] = tck_sxtb16_ror8(quad);
            columns += 6;
            quad = 0;
            bit = 0;
        }
    }
}

/* The columns of three pixels: whole quads of every row, then what rows have beyond them. */
TCK_INLINE void tck_widen_rows_dsp(const tck_conv_window *w, tck_tap_rows from, uint32_t *columns,
                                   int32_t whole_quads) {
    const int32_t row = w->filter_width * w->input_channels;
    const int32_t whole = row / 4 * 4;
    const int32_t rows = w->filter_height;
    const int8_t *const second = from.begin + from.step;
    const int8_t *const third = second + from.step;
    if (whole != 0) {
        columns = tck_widen_3_dsp(columns, from.begin, second, third, whole / 4, rows,
                                  from.pitch - whole);
    }
    if (whole_quads || row % 4 == 0) {
        return;
    }
    if (row % 4 == 1 && rows <= 4) {
        tck_widen_quads_dsp(columns, tck_quad_of_rows(from.begin + whole, from.pitch, rows),
                            tck_quad_of_rows(second + whole, from.pitch, rows),
                            tck_quad_of_rows(third + whole, from.pitch, rows));
    } else {
        for (int32_t i = 0; i < 3; ++i) {
            tck_widen_ends_dsp(columns + i, from.begin + i * from.step + whole, from.pitch, rows,
                               row % 4);
        }
    }
}

/* Whether this window and the next two, all in one row of outputs, lie in the input. */
TCK_INLINE int32_t tck_three_inside(const tck_conv_window *w, tck_corner at) {
    return at.y >= 0 && at.x >= 0 && at.y + w->filter_height <= w->input_height &&
           at.x + 2 * w->stride_width + w->filter_width <= w->input_width;
}

/* The columns of up to three pixels whose windows are whole quads, one after the other; the last is
 * repeated. Returns the last window's corner. */
TCK_INLINE tck_corner tck_conv_2d_s8_dsp_each(const tck_conv_window *w, const int8_t *input,
                                              tck_corner next, int32_t left, uint32_t *columns) {
    for (int32_t i = 0; i < 3; ++i) {
        if (i > 0 && i < left) {
            next = tck_next_corner(w, next);
        }
        tck_conv_2d_s8_dsp_quads(w, input, next, columns + i);
    }
    return next;
}

/* The same for any windows: gathers their taps. */
TCK_INLINE tck_corner tck_gather_each(const tck_conv_window *w, const int8_t *input,
                                      tck_corner next, int32_t left, int8_t *gathered,
                                      int32_t window_bytes) {
    for (int32_t i = 0; i < 3; ++i, gathered += window_bytes) {
        if (i > 0 && i < left) {
            next = tck_next_corner(w, next);
        }
        tck_gather_columns(w, input, next, w->filter_width, gathered);
    }
    return next;
}

/* The columns of up to three pixels; returns the corner after them. Taps of windows that reach out
 * of the input, or lie in different rows, are gathered behind the columns where input channels are
 * no whole quads: of windows in one row all columns between the first and the last. */
TCK_INLINE tck_corner tck_conv_2d_s8_dsp_columns(const tck_conv_2d_s8_dsp_params *p,
                                                 const int8_t *input, tck_corner next, int32_t left,
                                                 uint32_t *columns, int32_t whole_quads) {
    const tck_conv_window *const w = &p->window;
    const int32_t row = next.column + 3 <= w->output_width;
    const int32_t inside = row && tck_three_inside(w, next);
    if (whole_quads && !inside) {
        return tck_next_corner(w, tck_conv_2d_s8_dsp_each(w, input, next, left, columns));
    }
    int8_t *const gathered = (int8_t *)(columns + 6 * p->chunks);
    tck_tap_rows from = {gathered, w->stride_width * w->input_channels, 0};
    if (inside) {
        from.pitch = w->input_width * w->input_channels;
        from.begin = input + next.y * from.pitch + next.x * w->input_channels;
    } else if (row) {
        const int32_t width = 2 * w->stride_width + w->filter_width;
        from.pitch = width * w->input_channels;
        tck_gather_columns(w, input, next, width, gathered);
    } else {
        from.pitch = w->filter_width * w->input_channels;
        from.step = w->filter_height * from.pitch;
        next = tck_gather_each(w, input, next, left, gathered, from.step);
    }
    tck_widen_rows_dsp(w, from, columns, whole_quads);
    if (row) {
        next.column += 2;
        next.x += 2 * w->stride_width;
    }
    return tck_next_corner(w, next);
}

/* Products of three pixels at a time, for the channels of a stream up to `last`, then for the two
 * from there to `end`, which are the last ones. */
TCK_INLINE void tck_conv_2d_s8_dsp_part(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                        int8_t *output, uint32_t *columns, const uint32_t *last,
                                        const uint32_t *end, tck_pixels_s8 pixels,
                                        int32_t whole_quads) {
    const tck_conv_window *const w = &p->window;
    const int32_t outputs = p->output_channels;
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner next = tck_first_corner(w);
        for (int32_t left = p->output_area; left > 0; left -= 3) {
            const int32_t offset1 = left > 1 ? outputs : 0;
            const int32_t offset2 = left > 2 ? 2 * outputs : offset1;
            next = tck_conv_2d_s8_dsp_columns(p, input, next, left, columns, whole_quads);
            pixels(columns, p->chunks, p->stream, last, output, offset1, offset2,
                   p->doubled_zero_point, input, 0);
            if (last != end) {
                pixels(columns, p->chunks, last, end, output + outputs - 2, offset1, offset2,
                       p->doubled_zero_point, input, 0);
            }
            output += (left < 3 ? left : 3) * outputs;
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}

/* All channels. */
TCK_INLINE void tck_conv_2d_s8_dsp_all(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                       int8_t *output, uint32_t *columns, tck_pixels_s8 pixels,
                                       int32_t whole_quads) {
    const int32_t outputs = p->output_channels;
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = (outputs & 1) != 0 ? end - p->pair_words : end;
    tck_conv_2d_s8_dsp_part(p, input, output, columns, last, end, pixels, whole_quads);
    tck_clamp_s8(output, p->batches * p->output_area * outputs, p->clamp_min, p->clamp_max);
}

/* Input channels are whole quads; columns has room for 6 words per chunk. */
TCK_SHARED void tck_conv_2d_s8_dsp(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                   int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    tck_conv_2d_s8_dsp_all(p, input, output, columns, pixels, 1);
}

#endif
