/* CONV_2D on int8 without groups or dilation, for cores with the DSP extension. */
#ifndef TCK_CONV_2D_S8_DSP_H
#define TCK_CONV_2D_S8_DSP_H

#include "clamp_s8.h"
#include "conv_window_s8.h"
#include "widen_s8_dsp.h"

typedef struct {
    tck_conv_window window;
    int32_t batches;
    int32_t output_area;
    int32_t output_channels;    /* 2 or more */
    int32_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t chunks; /* quads that hold all taps: those of the rows, then the rows' ends together */
    const uint32_t *stream; /* for pixels_s8_dsp.h */
    int32_t stream_words;
    int32_t pair_words; /* of the stream, for two channels */
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

/* The columns of the bytes that rows of taps have beyond their last quad, all rows' together. */
TCK_SHARED void tck_conv_2d_s8_dsp_ends(const int8_t *ends, int32_t rows, int32_t pitch,
                                        int32_t count, uint32_t *columns) {
    uint32_t quad = 0;
    int32_t bit = 0;
    for (; rows > 0; --rows, ends += pitch) {
        for (int32_t i = 0; i < count; ++i) {
            quad |= (uint32_t)(uint8_t)ends[i] << bit;
            bit += 8;
            if (bit == 32) {
                columns[0] = tck_sxtb16(quad);
                columns[3] = tck_sxtb16_ror8(quad);
                columns += 6;
                quad = 0;
                bit = 0;
            }
        }
    }
    if (bit > 0) {
        columns[0] = tck_sxtb16(quad);
        columns[3] = tck_sxtb16_ror8(quad);
    }
}

/* The columns of three pixels. */
TCK_INLINE void tck_conv_2d_s8_dsp_columns(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                           const tck_corner at[3], uint32_t *columns) {
    const tck_conv_window *const w = &p->window;
    const int32_t row = w->filter_width * w->input_channels;
    const int32_t input_row = w->input_width * w->input_channels;
    const int32_t whole_quads = w->input_channels % 4 == 0;
    int8_t *gathered = (int8_t *)(columns + 6 * p->chunks);
    const int8_t *from[3];
    int32_t pitch[3];
    int32_t inside = 0;
    for (int32_t i = 0; i < 3; ++i) {
        from[i] = input;
        pitch[i] = input_row;
        if (tck_window_inside(w, at[i])) {
            from[i] += at[i].y * input_row + at[i].x * w->input_channels;
            ++inside;
        } else if (!whole_quads) {
            tck_gather_window(w, input, at[i], gathered);
            from[i] = gathered;
            pitch[i] = row;
            gathered += w->filter_height * row;
        }
    }
    if (whole_quads && inside < 3) {
        for (int32_t i = 0; i < 3; ++i) {
            tck_conv_2d_s8_dsp_quads(w, input, at[i], columns + i);
        }
        return;
    }
    if (row >= 4) {
        for (int32_t ky = 0; ky < w->filter_height; ++ky) {
            columns = tck_widen_3_dsp(columns, from[0] + ky * pitch[0], from[1] + ky * pitch[1],
                                      from[2] + ky * pitch[2], row / 4);
        }
    }
    if (row % 4 != 0) {
        for (int32_t i = 0; i < 3; ++i) {
            tck_conv_2d_s8_dsp_ends(from[i] + row / 4 * 4, w->filter_height, pitch[i], row % 4,
                                    columns + i);
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; columns has room for 6 words per chunk and,
 * if input channels are no whole quads, for the taps of three pixels. */
TCK_SHARED void tck_conv_2d_s8_dsp(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                   int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
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
            tck_conv_2d_s8_dsp_columns(p, input, at, columns);
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

#endif
