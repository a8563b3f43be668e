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
    int32_t chunks; /* quads that hold all taps: those of the rows, then the rows' ends together */
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

/* Copies the taps of one pixel, zero points for those outside: rows of filter_width * channels. */
TCK_SHARED void tck_conv_2d_s8_dsp_gather(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                          tck_corner at, int8_t *rows) {
    const int32_t channels = p->input_channels;
    const tck_taps xs = tck_taps_inside(at.x, p->input_width, p->filter_width, 1);
    for (int32_t ky = 0; ky < p->filter_height; ++ky) {
        const int32_t y = at.y + ky;
        if (y < 0 || y >= p->input_height || xs.begin >= xs.end) {
            rows = tck_fill_bytes(rows, p->zero_point, p->filter_width * channels);
            continue;
        }
        const int32_t from = (y * p->input_width + at.x + xs.begin) * channels;
        rows = tck_fill_bytes(rows, p->zero_point, xs.begin * channels);
        rows = tck_copy_bytes(rows, input + from, (xs.end - xs.begin) * channels);
        rows = tck_fill_bytes(rows, p->zero_point, (p->filter_width - xs.end) * channels);
    }
}

/* The columns of the bytes that rows of taps have beyond their last quad, all rows' together. */
TCK_SHARED void tck_conv_2d_s8_dsp_ends(const tck_conv_2d_s8_dsp_params *p, const int8_t *ends,
                                        int32_t pitch, int32_t count, uint32_t *columns) {
    uint32_t quad = 0;
    int32_t bit = 0;
    for (int32_t ky = 0; ky < p->filter_height; ++ky, ends += pitch) {
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
    const int32_t row = p->filter_width * p->input_channels;
    const int32_t input_row = p->input_width * p->input_channels;
    const int32_t y_ends = p->input_height - p->filter_height + 1;
    const int32_t x_ends = p->input_width - p->filter_width + 1;
    const int32_t whole_quads = p->input_channels % 4 == 0;
    int8_t *gathered = (int8_t *)(columns + 6 * p->chunks);
    const int8_t *from[3];
    int32_t pitch[3];
    int32_t inside = 0;
    for (int32_t i = 0; i < 3; ++i) {
        from[i] = input;
        pitch[i] = input_row;
        if (at[i].y >= 0 && at[i].y < y_ends && at[i].x >= 0 && at[i].x < x_ends) {
            from[i] += at[i].y * input_row + at[i].x * p->input_channels;
            ++inside;
        } else if (!whole_quads) {
            tck_conv_2d_s8_dsp_gather(p, input, at[i], gathered);
            from[i] = gathered;
            pitch[i] = row;
            gathered += p->filter_height * row;
        }
    }
    if (whole_quads && inside < 3) {
        for (int32_t i = 0; i < 3; ++i) {
            tck_conv_2d_s8_dsp_quads(p, input, at[i], columns + i);
        }
        return;
    }
    if (row >= 4) {
        for (int32_t ky = 0; ky < p->filter_height; ++ky) {
            columns = tck_widen_3_dsp(columns, from[0] + ky * pitch[0], from[1] + ky * pitch[1],
                                      from[2] + ky * pitch[2], row / 4);
        }
    }
    if (row % 4 != 0) {
        for (int32_t i = 0; i < 3; ++i) {
            tck_conv_2d_s8_dsp_ends(p, from[i] + row / 4 * 4, pitch[i], row % 4, columns + i);
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; columns has room for 6 words per chunk
 * and, if input channels are no whole quads, for the taps of three pixels. */
TCK_SHARED void tck_conv_2d_s8_dsp(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                   int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    const int32_t outputs = p->output_channels;
    const int32_t area = p->output_height * p->output_width;
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = (outputs & 1) != 0 ? end - p->pair_words : end;
    int8_t *const begin = output;
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
