/* CONV_2D on int8 that looks at one pixel at a time, for cores with the DSP extension. */
#ifndef TCK_CONV_1X1_S8_DSP_H
#define TCK_CONV_1X1_S8_DSP_H

#include "../../common/clamp_s8.h"
#include "../widen_s8_dsp.h"

typedef struct {
    int32_t pixels;
    const uint32_t *stream; /* for pixels_s8_dsp.h */
    int32_t stream_words;
    uint16_t inputs; /* a multiple of 4 */
    uint16_t outputs;
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint16_t pair_words;        /* of the stream, for two channels */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_1x1_s8_dsp_params;

/* All pixels, for the channels of a stream up to `last`, then for the two from there to `end`,
 * which are the last ones. `whole` says that the stream has all channels. */
TCK_INLINE void tck_conv_1x1_s8_dsp_part(const tck_conv_1x1_s8_dsp_params *p, const int8_t *input,
                                         int8_t *output, uint32_t *columns, const uint32_t *last,
                                         const uint32_t *end, int32_t whole, tck_pixels_s8 pixels) {
    const int32_t chunks = p->inputs / 4;
    const int32_t outputs = p->outputs;
    for (int32_t left = p->pixels; left > 0;) {
        const int32_t offset1 = left > 1 ? outputs : 0;
        const int32_t offset2 = left > 2 ? 2 * outputs : offset1;
        /* All whole threes, if no last channel needs the columns of each once more. */
        const int32_t threes = !whole ? 0 : last == end ? left / 3 : left >= 3;
        const int32_t done = threes != 0 ? 3 * threes : whole || left < 3 ? left : 3;
        if (threes == 0) {
            const int8_t *const second = input + (left > 1 ? p->inputs : 0);
            const int8_t *const third = second + (left > 2 ? p->inputs : 0);
            tck_widen_3_dsp(columns, input, second, third, chunks, 1, 0);
        }
        pixels(columns, chunks, p->stream, last, output, offset1, offset2, p->doubled_zero_point,
               input, threes);
        if (last != end) {
            pixels(columns, chunks, last, end, output + outputs - 2, offset1, offset2,
                   p->doubled_zero_point, input, 0);
        }
        left -= done;
        input += done * p->inputs;
        output += done * outputs;
    }
}

/* input [pixels, inputs] -> output [pixels, outputs]; columns has room for 6 * inputs bytes. The
 * output may lie in the input's memory, each pixel not behind its input: three pixels are read
 * before they are written. An odd last channel comes in a pair with the one before it. */
TCK_SHARED void tck_conv_1x1_s8_dsp(const tck_conv_1x1_s8_dsp_params *p, const int8_t *input,
                                    int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = (p->outputs & 1) != 0 ? end - p->pair_words : end;
    tck_conv_1x1_s8_dsp_part(p, input, output, columns, last, end, 1, pixels);
    tck_clamp_s8(output, p->pixels * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
