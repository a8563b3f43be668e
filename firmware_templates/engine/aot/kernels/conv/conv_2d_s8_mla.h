/* CONV_2D on int8 without groups or dilation, for Thumb-2 cores without the DSP extension. */
#ifndef TCK_CONV_2D_S8_MLA_H
#define TCK_CONV_2D_S8_MLA_H

#include "../common/clamp_s8.h"
#include "conv_window_s8.h"
#include "pointwise/pixels_s8_mla.h"

typedef struct {
    int32_t output_area;
    const uint32_t *stream; /* for pixels_s8_mla.h */
    int32_t stream_words;
    tck_conv_window window;
    uint16_t batches;
    uint16_t output_channels; /* 4 or more */
    uint16_t taps;
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint16_t four_words;        /* of the stream, for four channels */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_2d_s8_mla_params;

/* All pixels, for the channels of a stream up to `last`, then for the four from there to `end`,
 * which are the last ones. */
TCK_INLINE void tck_conv_2d_s8_mla_part(const tck_conv_2d_s8_mla_params *p, const int8_t *input,
                                        int8_t *output, int8_t *rows, const uint32_t *last,
                                        const uint32_t *end, tck_two_pixels_s8 pixels) {
    const tck_conv_window *const w = &p->window;
    const int32_t outputs = p->output_channels;
    int8_t *const second = rows + p->taps;
    for (int32_t n = 0; n < p->batches; ++n) {
        tck_corner at = tck_first_corner(w);
        for (int32_t left = p->output_area; left > 0; left -= 2) {
            tck_gather_window(w, input, at, rows);
            at = tck_next_corner(w, at);
            if (left > 1) {
                tck_gather_window(w, input, at, second);
                at = tck_next_corner(w, at);
            }
            const int32_t offset = left > 1 ? outputs : 0;
            const int8_t *const other = left > 1 ? second : rows;
            pixels(rows, other, p->taps, p->stream, last, output, offset, p->doubled_zero_point);
            if (last != end) {
                pixels(rows, other, p->taps, last, end, output + outputs - 4, offset,
                       p->doubled_zero_point);
            }
            output += (left < 2 ? left : 2) * outputs;
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; rows has room for the taps of two windows.
 * Channels that are no whole four come last, with those before them that make a four. */
TCK_SHARED void tck_conv_2d_s8_mla(const tck_conv_2d_s8_mla_params *p, const int8_t *input,
                                   int8_t *output, int8_t *rows, tck_two_pixels_s8 pixels) {
    const int32_t outputs = p->output_channels;
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = outputs % 4 != 0 ? end - p->four_words : end;
    tck_conv_2d_s8_mla_part(p, input, output, rows, last, end, pixels);
    tck_clamp_s8(output, p->batches * p->output_area * outputs, p->clamp_min, p->clamp_max);
}

#endif
