/* CONV_2D on int8 without groups or dilation, for cores with the DSP extension. */
#ifndef TCK_CONV_2D_S8_DSP_H
#define TCK_CONV_2D_S8_DSP_H

#include "clamp_s8.h"
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

/* Rows of taps that are being read: their begin, and the distance from one to the next. */
typedef struct {
    const int8_t *begin;
    int32_t pitch;
} tck_tap_rows;

/* Up to four bytes, one of each row. */
TCK_INLINE uint32_t tck_quad_of_rows(tck_tap_rows from, int32_t rows) {
    const int8_t *const at = from.begin;
    uint32_t quad = (uint8_t)at[0];
    quad |= rows > 1 ? (uint32_t)(uint8_t)at[from.pitch] << 8 : 0;
    quad |= rows > 2 ? (uint32_t)(uint8_t)at[2 * from.pitch] << 16 : 0;
    quad |= rows > 3 ? (uint32_t)(uint8_t)at[3 * from.pitch] << 24 : 0;
    return quad;
}

/* The columns of count bytes of each row, all rows' together, of one pixel. */
TCK_SHARED void tck_widen_ends_dsp(uint32_t *columns, tck_tap_rows from, int32_t rows,
                                   int32_t count) {
    uint32_t quad = 0;
    int32_t bit = 0;
    for (int32_t i = 0; i < rows * count; ++i) {
        quad |= (uint32_t)(uint8_t)from.begin[i / count * from.pitch + i % count] << bit;
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

/* The columns of three pixels whose input channels are whole quads. */
TCK_INLINE void tck_conv_2d_s8_dsp_columns(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                           const tck_corner at[3], uint32_t *columns) {
    const tck_conv_window *const w = &p->window;
    const int32_t input_row = w->input_width * w->input_channels;
    const int8_t *from[3];
    for (int32_t i = 0; i < 3; ++i) {
        if (!tck_window_inside(w, at[i])) {
            for (int32_t j = 0; j < 3; ++j) {
                tck_conv_2d_s8_dsp_quads(w, input, at[j], columns + j);
            }
            return;
        }
        from[i] = input + at[i].y * input_row + at[i].x * w->input_channels;
    }
    for (int32_t ky = 0; ky < w->filter_height; ++ky) {
        columns = tck_widen_3_dsp(columns, from[0], from[1], from[2],
                                  w->filter_width * w->input_channels / 4);
        from[0] += input_row;
        from[1] += input_row;
        from[2] += input_row;
    }
}

/* The columns of three pixels with any number of input channels. Taps of windows that reach out of
 * the input are gathered behind the columns first. */
TCK_INLINE void tck_conv_2d_s8_dsp_row_columns(const tck_conv_2d_s8_dsp_params *p,
                                               const int8_t *input, const tck_corner at[3],
                                               uint32_t *columns) {
    const tck_conv_window *const w = &p->window;
    const int32_t row = w->filter_width * w->input_channels;
    const int32_t input_row = w->input_width * w->input_channels;
    int8_t *gathered = (int8_t *)(columns + 6 * p->chunks);
    tck_tap_rows from[3];
    for (int32_t i = 0; i < 3; ++i) {
        if (tck_window_inside(w, at[i])) {
            from[i].begin = input + at[i].y * input_row + at[i].x * w->input_channels;
            from[i].pitch = input_row;
        } else {
            tck_gather_window(w, input, at[i], gathered);
            from[i].begin = gathered;
            from[i].pitch = row;
            gathered += w->filter_height * row;
        }
    }
    for (int32_t ky = 0; ky < w->filter_height; ++ky) {
        for (int32_t k = 0; k < row / 4; ++k, columns += 6) {
            tck_widen_quads_dsp(columns, tck_load_word(from[0].begin + 4 * k),
                                tck_load_word(from[1].begin + 4 * k),
                                tck_load_word(from[2].begin + 4 * k));
        }
        for (int32_t i = 0; i < 3; ++i) {
            from[i].begin += from[i].pitch;
        }
    }
    if (row % 4 != 0) {
        for (int32_t i = 0; i < 3; ++i) {
            from[i].begin += row / 4 * 4 - w->filter_height * from[i].pitch;
        }
        if (row % 4 == 1 && w->filter_height <= 4) {
            tck_widen_quads_dsp(columns, tck_quad_of_rows(from[0], w->filter_height),
                                tck_quad_of_rows(from[1], w->filter_height),
                                tck_quad_of_rows(from[2], w->filter_height));
        } else {
            for (int32_t i = 0; i < 3; ++i) {
                tck_widen_ends_dsp(columns + i, from[i], w->filter_height, row % 4);
            }
        }
    }
}

/* Products of three pixels at a time. */
TCK_INLINE void tck_conv_2d_s8_dsp_all(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                       int8_t *output, uint32_t *columns, tck_pixels_s8 pixels,
                                       int32_t whole_quads) {
    const tck_conv_window *const w = &p->window;
    const int32_t outputs = p->output_channels;
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = (outputs & 1) != 0 ? end - p->pair_words : end;
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner next = tck_first_corner(w);
        for (int32_t left = p->output_area; left > 0; left -= 3) {
            tck_corner at[3];
            for (int32_t i = 0; i < 3; ++i) {
                at[i] = i < left ? next : at[i - 1];
                next = tck_next_corner(w, next);
            }
            const int32_t offset1 = left > 1 ? outputs : 0;
            const int32_t offset2 = left > 2 ? 2 * outputs : offset1;
            if (whole_quads) {
                tck_conv_2d_s8_dsp_columns(p, input, at, columns);
            } else {
                tck_conv_2d_s8_dsp_row_columns(p, input, at, columns);
            }
            pixels(columns, p->chunks, p->stream, last, output, offset1, offset2,
                   p->doubled_zero_point);
            if (last != end) {
                pixels(columns, p->chunks, last, end, output + outputs - 2, offset1, offset2,
                       p->doubled_zero_point);
            }
            output += (left < 3 ? left : 3) * outputs;
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
    tck_clamp_s8(begin, p->batches * p->output_area * outputs, p->clamp_min, p->clamp_max);
}

/* Input channels are whole quads; columns has room for 6 words per chunk. */
TCK_SHARED void tck_conv_2d_s8_dsp(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                   int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    tck_conv_2d_s8_dsp_all(p, input, output, columns, pixels, 1);
}

#endif
