/* CONV_2D on int8 without groups or dilation, for cores with the DSP extension. */
#ifndef TCK_CONV_2D_S8_DSP_H
#define TCK_CONV_2D_S8_DSP_H

#include "clamp_s8.h"
#include "widen_s8_dsp.h"
#include "window.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels; /* 2 or more */
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t zero_point;         /* of the input: the value of taps outside it */
    int32_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t chunks;         /* quads that hold all taps */
    const uint32_t *stream; /* for pixels_s8_dsp.h */
    int32_t stream_words;
    int32_t pair_words; /* of the stream, for two channels */
} tck_conv_2d_s8_dsp_params;

/* Top left corner of a window in the input. */
typedef struct {
    int32_t y;
    int32_t x;
} tck_corner;

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

/* Copies a few bytes: by words, which may be unaligned. The empty statements keep compilers from
 * calling memcpy for it. */
TCK_INLINE int8_t *tck_copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        uint32_t word = tck_load_word(from);
        __asm__("" : "+r"(word));
        tck_store_word(to, word);
    }
    for (; count > 0; --count) {
        int32_t byte = *from++;
        __asm__("" : "+r"(byte));
        *to++ = (int8_t)byte;
    }
    return to;
}

TCK_INLINE int8_t *tck_fill_bytes(int8_t *to, int32_t value, int32_t count) {
    for (; count > 0; --count) {
        __asm__("" : "+r"(value));
        *to++ = (int8_t)value;
    }
    return to;
}

/* The columns of one pixel whose input channels are whole quads; taps outside are zero points. */
TCK_SHARED void tck_conv_2d_s8_dsp_quads(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                         tck_corner at, uint32_t *columns) {
    const int32_t quads = p->input_channels / 4;
    const uint32_t outside = tck_pair(p->zero_point, p->zero_point);
    const tck_taps xs = tck_taps_inside(at.x, p->input_width, p->filter_width, 1);
    for (int32_t ky = 0; ky < p->filter_height; ++ky) {
        const int32_t y = at.y + ky;
        if (y < 0 || y >= p->input_height || xs.begin >= xs.end) {
            columns = tck_fill_1_dsp(columns, outside, p->filter_width * quads);
            continue;
        }
        const int32_t from = (y * p->input_width + at.x + xs.begin) * p->input_channels;
        columns = tck_fill_1_dsp(columns, outside, xs.begin * quads);
        columns = tck_widen_1_dsp(columns, input + from, (xs.end - xs.begin) * quads);
        columns = tck_fill_1_dsp(columns, outside, (p->filter_width - xs.end) * quads);
    }
}

/* The columns of one pixel with any number of input channels, gathered in bytes first. */
TCK_SHARED void tck_conv_2d_s8_dsp_bytes(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                         tck_corner at, uint32_t *columns, int8_t *bytes) {
    const int32_t channels = p->input_channels;
    const int32_t row = p->filter_width * channels;
    const tck_taps xs = tck_taps_inside(at.x, p->input_width, p->filter_width, 1);
    const int8_t *const begin = bytes;
    for (int32_t ky = 0; ky < p->filter_height; ++ky) {
        const int32_t y = at.y + ky;
        if (y < 0 || y >= p->input_height || xs.begin >= xs.end) {
            bytes = tck_fill_bytes(bytes, p->zero_point, row);
            continue;
        }
        const int32_t from = (y * p->input_width + at.x + xs.begin) * channels;
        bytes = tck_fill_bytes(bytes, p->zero_point, xs.begin * channels);
        bytes = tck_copy_bytes(bytes, input + from, (xs.end - xs.begin) * channels);
        bytes = tck_fill_bytes(bytes, p->zero_point, (p->filter_width - xs.end) * channels);
    }
    tck_widen_1_dsp(columns, begin, p->chunks);
}

/* The columns of three pixels. */
TCK_INLINE void tck_conv_2d_s8_dsp_columns(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                           const tck_corner at[3], uint32_t *columns) {
    const int32_t row = p->filter_width * p->input_channels;
    const int32_t input_row = p->input_width * p->input_channels;
    const uint32_t y_ends = (uint32_t)(p->input_height - p->filter_height + 1);
    const uint32_t x_ends = (uint32_t)(p->input_width - p->filter_width + 1);
    int32_t inside = row % 4 == 0 && (int32_t)y_ends > 0 && (int32_t)x_ends > 0;
    const int8_t *from[3];
    for (int32_t i = 0; i < 3; ++i) {
        inside = inside && (uint32_t)at[i].y < y_ends && (uint32_t)at[i].x < x_ends;
    }
    if (inside) {
        for (int32_t i = 0; i < 3; ++i) {
            from[i] = input + at[i].y * input_row + at[i].x * p->input_channels;
        }
        for (int32_t ky = 0; ky < p->filter_height; ++ky) {
            columns = tck_widen_3_dsp(columns, from[0], from[1], from[2], row / 4);
            from[0] += input_row;
            from[1] += input_row;
            from[2] += input_row;
        }
        return;
    }
    for (int32_t i = 0; i < 3; ++i) {
        if (p->input_channels % 4 == 0) {
            tck_conv_2d_s8_dsp_quads(p, input, at[i], columns + i);
        } else {
            int8_t *const bytes = (int8_t *)(columns + 6 * p->chunks);
            tck_conv_2d_s8_dsp_bytes(p, input, at[i], columns + i, bytes);
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; columns has room for 6 words per chunk, and
 * one more if input channels are no whole quads. */
TCK_SHARED void tck_conv_2d_s8_dsp(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                   int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    const int32_t outputs = p->output_channels;
    const int32_t area = p->output_height * p->output_width;
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = (outputs & 1) != 0 ? end - p->pair_words : end;
    int8_t *const begin = output;
    if (p->input_channels % 4 != 0) {
        /* Weights beyond the last tap are 0; so that nothing is read before it was written: */
        columns[7 * p->chunks - 1] = 0;
    }
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner next = {-p->pad_top, -p->pad_left};
        int32_t column = 0;
        for (int32_t left = area; left > 0; left -= 3) {
            tck_corner at[3];
            for (int32_t i = 0; i < 3; ++i) {
                at[i] = i < left ? next : at[i - 1];
                next.x += p->stride_width;
                if (++column == p->output_width) {
                    column = 0;
                    next.x = -p->pad_left;
                    next.y += p->stride_height;
                }
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
        input += p->input_height * p->input_width * p->input_channels;
    }
    tck_clamp_s8(begin, p->batches * area * outputs, p->clamp_min, p->clamp_max);
}

#endif
