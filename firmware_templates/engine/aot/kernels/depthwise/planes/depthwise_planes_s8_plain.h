/* DEPTHWISE_CONV_2D on int8 with any filter and stride, in plain C: for cores without the DSP
 * extension. The planes hold inputs + 128, as Thumb-1 loads only unsigned numbers with constant
 * offsets; biases hold what that adds. */
#ifndef TCK_DEPTHWISE_PLANES_S8_PLAIN_H
#define TCK_DEPTHWISE_PLANES_S8_PLAIN_H

#include "depthwise_planes_s8.h"

typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t addend; /* of a fitted line, or the rounding and the output's offset */
    int32_t shift;  /* to the right */
} tck_depthwise_scaling;

TCK_INLINE tck_depthwise_scaling tck_depthwise_scaling_of(const tck_depthwise_planes_s8_params *p,
                                                          int32_t channel, int32_t fitted) {
    tck_depthwise_scaling s = {p->bias[channel], p->multipliers[channel], 0, p->fraction_bits};
    if (fitted) {
        s.addend = p->addends[channel];
    } else {
        s.shift = -p->shifts[channel];
        s.addend = tck_requantize_addend(p->output_offset, s.shift);
    }
    return s;
}

TCK_INLINE int8_t tck_depthwise_scaled(tck_depthwise_scaling s, int32_t sum, int32_t fitted) {
    if (fitted) {
        return (int8_t)tck_ssat8(tck_smmla(sum, s.multiplier, s.addend) >> s.shift);
    }
    const int32_t product = tck_doubling_high_mul(sum, s.multiplier);
    return (int8_t)tck_ssat8((product + (product >> 31) + s.addend) >> s.shift);
}

TCK_INLINE int32_t tck_depthwise_three(const tck_uhalf *x, int32_t a, int32_t b, int32_t c) {
    return x[0] * a + x[1] * b + x[2] * c;
}

TCK_INLINE void tck_depthwise_plain_3x3(const tck_depthwise_planes_s8_params *p,
                                        const tck_uhalf *plane, const int8_t *weights, int32_t rows,
                                        int8_t *output, tck_depthwise_scaling s, int32_t fitted) {
    const int32_t a = weights[0], b = weights[1], c = weights[2];
    const int32_t d = weights[3], e = weights[4], f = weights[5];
    const int32_t g = weights[6], h = weights[7], i = weights[8];
    const int32_t step = p->input_channels * p->depth_multiplier, stride = p->stride_width;
    for (; rows > 0; --rows, plane += p->stride_height * p->pitch) {
        const tck_uhalf *top = plane, *middle = plane + p->pitch, *bottom = middle + p->pitch;
        for (int32_t left = p->output_width; left > 0; --left, output += step) {
            const int32_t sum = s.bias + tck_depthwise_three(top, a, b, c) +
                                tck_depthwise_three(middle, d, e, f) +
                                tck_depthwise_three(bottom, g, h, i);
            *output = tck_depthwise_scaled(s, sum, fitted);
            top += stride;
            middle += stride;
            bottom += stride;
        }
    }
}

TCK_INLINE void tck_depthwise_plain_any(const tck_depthwise_planes_s8_params *p,
                                        const tck_uhalf *plane, const int8_t *weights, int32_t rows,
                                        int8_t *output, tck_depthwise_scaling s, int32_t fitted) {
    const int32_t step = p->input_channels * p->depth_multiplier;
    for (; rows > 0; --rows, plane += p->stride_height * p->pitch) {
        for (int32_t column = 0; column < p->output_width; ++column, output += step) {
            const tck_uhalf *x = plane + column * p->stride_width;
            const int8_t *w = weights;
            int32_t sum = s.bias;
            for (int32_t row = p->filter_height; row > 0; --row, x += p->pitch - p->filter_width) {
                for (const int8_t *const end = w + p->filter_width; w != end;) {
                    sum += *x++ * *w++;
                }
            }
            *output = tck_depthwise_scaled(s, sum, fitted);
        }
    }
}

TCK_INLINE void tck_depthwise_plain_band(const tck_depthwise_planes_s8_params *p,
                                         const tck_half *plane, int32_t channel, int32_t rows,
                                         int8_t *output, int32_t fitted) {
    const int8_t *const weights = p->weights + channel * p->filter_height * p->filter_width;
    const tck_depthwise_scaling s = tck_depthwise_scaling_of(p, channel, fitted);
    const tck_uhalf *const inputs = (const tck_uhalf *)plane;
    if (p->filter_height == 3 && p->filter_width == 3) {
        tck_depthwise_plain_3x3(p, inputs, weights, rows, output, s, fitted);
    } else {
        tck_depthwise_plain_any(p, inputs, weights, rows, output, s, fitted);
    }
}

#endif
