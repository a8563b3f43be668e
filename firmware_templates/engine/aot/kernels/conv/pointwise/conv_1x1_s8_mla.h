/* CONV_2D on int8 that looks at one pixel at a time, for Thumb-2 cores without DSP extension. */
#ifndef TCK_CONV_1X1_S8_MLA_H
#define TCK_CONV_1X1_S8_MLA_H

#include "../../common/clamp_s8.h"
#include "pixels_s8_mla.h"

typedef struct {
    int32_t pixels;
    const uint32_t *stream; /* for pixels_s8_mla.h */
    int32_t stream_words;
    uint16_t inputs;
    uint16_t outputs;           /* 4 or more */
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint16_t four_words;        /* of the stream, for four channels */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_1x1_s8_mla_params;

/* All pixels, for the channels of a stream up to `last`, then for the four from there to `end`,
 * which are the last ones. */
TCK_INLINE void tck_conv_1x1_s8_mla_part(const tck_conv_1x1_s8_mla_params *p, const int8_t *input,
                                         int8_t *output, const uint32_t *last, const uint32_t *end,
                                         tck_two_pixels_s8 pixels) {
    const int32_t outputs = p->outputs;
    for (int32_t left = p->pixels; left > 0; left -= 2) {
        const int8_t *const second = input + (left > 1 ? p->inputs : 0);
        const int32_t offset = left > 1 ? outputs : 0;
        pixels(input, second, p->inputs, p->stream, last, output, offset, p->doubled_zero_point);
        if (last != end) {
            pixels(input, second, p->inputs, last, end, output + outputs - 4, offset,
                   p->doubled_zero_point);
        }
        input += 2 * p->inputs;
        output += 2 * outputs;
    }
}

/* input [pixels, inputs] -> output [pixels, outputs]. Channels that are no whole four come last,
 * with those before them that make a four. */
TCK_SHARED void tck_conv_1x1_s8_mla(const tck_conv_1x1_s8_mla_params *p, const int8_t *input,
                                    int8_t *output, tck_two_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = p->outputs % 4 != 0 ? end - p->four_words : end;
    tck_conv_1x1_s8_mla_part(p, input, output, last, end, pixels);
    tck_clamp_s8(output, p->pixels * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
