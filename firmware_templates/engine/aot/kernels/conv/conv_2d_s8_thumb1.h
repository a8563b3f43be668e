/* CONV_2D on int8 without groups or dilation, for Thumb-1 cores; FULLY_CONNECTED is one of 1x1. */
#ifndef TCK_CONV_2D_S8_THUMB1_H
#define TCK_CONV_2D_S8_THUMB1_H

#include "../common/clamp_s8.h"
#include "conv_window_s8.h"
#include "pointwise/pixels_s8_thumb1.h"
#include "words_s8_thumb1.h"

typedef struct {
    int32_t output_area;
    const uint32_t *stream; /* for pixels_s8_thumb1.h; eights of channels for words_s8_thumb1.h */
    tck_conv_window window;
    uint16_t batches;
    uint16_t output_channels;   /* 4 or more */
    uint16_t row_bytes;         /* taps of a window, filled up to a multiple of eight */
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint8_t fraction_bits;      /* of fitted lines */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_2d_s8_thumb1_params;

/* Fills with the zero point; returns the sum. */
TCK_INLINE uint32_t tck_fill_thumb1(uint8_t *row, int32_t zero_point, int32_t count) {
    const uint32_t value = (uint8_t)zero_point ^ 0x80U;
    uint32_t sum = 0;
    for (; count > 0; --count) {
        *row++ = (uint8_t)value;
        sum += value;
    }
    return sum;
}

/* Copies the taps of one window to a row; returns their sum there. */
TCK_SHARED uint32_t tck_window_thumb1(const tck_conv_window *w, const int8_t *input, tck_corner at,
                                      uint8_t *row) {
    const int32_t channels = w->input_channels;
    const tck_taps xs = tck_taps_inside(at.x, w->input_width, w->filter_width, 1);
    uint32_t sum = 0;
    for (int32_t ky = 0; ky < w->filter_height; ++ky) {
        const int32_t y = at.y + ky, inside = y >= 0 && y < w->input_height;
        const int32_t begin = inside ? xs.begin * channels : w->filter_width * channels;
        const int32_t end = inside ? xs.end * channels : begin;
        sum += tck_fill_thumb1(row, w->zero_point, begin);
        if (begin < end) {
            const int8_t *const from = input + (y * w->input_width + at.x) * channels;
            sum += tck_row_thumb1(row + begin, from + begin, end - begin);
        }
        sum += tck_fill_thumb1(row + end, w->zero_point, w->filter_width * channels - end);
        row += w->filter_width * channels;
    }
    return sum;
}

/* The channels of a stream for one row, eights of them by words_s8_thumb1.h or not. */
TCK_INLINE void tck_channels_thumb1(const tck_conv_2d_s8_thumb1_params *p, const uint8_t *row,
                                    uint32_t excess, int8_t *output, int32_t channels,
                                    int32_t rounding, tck_outputs_thumb1 outputs, int32_t words) {
    const uint8_t *const end = row + p->row_bytes;
    const uint32_t *stream = p->stream;
    int8_t *const last = output + channels - 4;
    int32_t left = channels;
    int32_t sums[8];
    for (; left >= 8; left -= 8) {
        stream = words ? tck_dot_words_thumb1(row, end, stream, sums)
                       : tck_dot_8_thumb1(row, end, stream, sums);
        outputs(sums, stream, output, rounding, words ? 0 : excess);
        outputs(sums + 4, stream + 6, output + 4, rounding, words ? 0 : excess);
        stream += 12;
        output += 8;
    }
    for (; left > 0; left -= 4) {
        stream = tck_dot_4_thumb1(row, end, stream, sums);
        outputs(sums, stream, output < last ? output : last, rounding, excess);
        stream += 6;
        output += 4;
    }
}

/* All pixels, for the channels of a stream; row has room for row_bytes. Channels that are no whole
 * four come last, with those before them that make a four. */
TCK_INLINE void tck_conv_2d_s8_thumb1_part(const tck_conv_2d_s8_thumb1_params *p,
                                           const int8_t *input, int8_t *output, uint8_t *row,
                                           int32_t channels, int32_t rounding,
                                           tck_outputs_thumb1 outputs, int32_t words) {
    const tck_conv_window *const w = &p->window;
    for (int32_t i = 0; i < p->row_bytes; ++i) {
        row[i] = 0;
    }
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner at = tck_first_corner(w);
        for (int32_t i = 0; i < p->output_area; ++i) {
            const uint32_t excess = 128U * tck_window_thumb1(w, input, at, row);
            tck_channels_thumb1(p, row, excess, output, channels, rounding, outputs, words);
            output += p->output_channels;
            at = tck_next_corner(w, at);
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT] */
TCK_INLINE void tck_conv_2d_s8_thumb1(const tck_conv_2d_s8_thumb1_params *p, const int8_t *input,
                                      int8_t *output, uint8_t *row, int32_t rounding,
                                      tck_outputs_thumb1 outputs, int32_t words) {
    const int32_t channels = p->output_channels;
    tck_conv_2d_s8_thumb1_part(p, input, output, row, channels, rounding, outputs, words);
    tck_clamp_s8(output, p->batches * p->output_area * channels, p->clamp_min, p->clamp_max);
}

#endif
