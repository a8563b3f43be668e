/* CONV_2D on int8 that looks at one pixel at a time, and FULLY_CONNECTED, for cores with MVE. */
#ifndef TCK_CONV_1X1_S8_MVE_H
#define TCK_CONV_1X1_S8_MVE_H

#include "pixels_s8_mve.h"

typedef struct {
    int32_t pixels;
    const uint32_t *stream; /* for pixels_s8_mve.h */
    int32_t stream_words;
    uint16_t inputs;
    uint16_t outputs;         /* 4 or more */
    uint16_t four_words;      /* of the stream, for four channels */
    uint8_t fraction_bits;    /* of fitted lines */
    int8_t output_zero_point; /* for two roundings */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_1x1_s8_mve_params;

/* All pixels, by twos and a last one, for the channels of a part of the stream. */
TCK_INLINE void tck_conv_1x1_s8_mve_part(const tck_conv_1x1_s8_mve_params *p, const int8_t *input,
                                         int8_t *output, const uint32_t *from, const uint32_t *end,
                                         tck_pixels_pair_mve by) {
    const int32_t twos = p->pixels / 2;
    tck_pixels_s8_mve_work work = {.chunks = p->inputs / TCK_MVE_BYTES,
                                   .first = input,
                                   .second = input + p->inputs,
                                   .tail = p->inputs % TCK_MVE_BYTES,
                                   .stream_end = end,
                                   .minus_fraction_bits = -p->fraction_bits,
                                   .stream = from,
                                   .output = output,
                                   .steps = twos,
                                   .inputs = p->inputs,
                                   .outputs = p->outputs,
                                   .clamp_min = p->clamp_min,
                                   .clamp_max = p->clamp_max,
                                   .zero_point = p->output_zero_point};
    if (twos > 0) {
        by.twos(&work);
    }
    if (p->pixels % 2 != 0) {
        work.first = input + 2 * twos * p->inputs;
        work.output = output + 2 * twos * p->outputs;
        work.steps = 1;
        by.ones(&work);
    }
}

/* Where channels are no whole fours, the last four have some that come before, and all pixels are
 * read again for them. */
TCK_SHARED void tck_conv_1x1_s8_all_mve(const tck_conv_1x1_s8_mve_params *p, const int8_t *input,
                                        int8_t *output, tck_pixels_pair_mve by) {
    const uint32_t *const end = p->stream + p->stream_words;
    const uint32_t *const last = p->outputs % 4 != 0 ? end - p->four_words : end;
    tck_conv_1x1_s8_mve_part(p, input, output, p->stream, last, by);
    if (last != end) {
        tck_conv_1x1_s8_mve_part(p, input, output + p->outputs - 4, last, end, by);
    }
}

TCK_INLINE void tck_conv_1x1_s8_mve(const tck_conv_1x1_s8_mve_params *p, const int8_t *input,
                                    int8_t *output, int32_t fitted) {
    const int32_t tail = p->inputs % TCK_MVE_BYTES != 0;
    tck_conv_1x1_s8_all_mve(p, input, output, tck_pixels_by_mve(fitted, tail));
}

#endif
