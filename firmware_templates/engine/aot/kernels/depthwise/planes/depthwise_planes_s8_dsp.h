/* DEPTHWISE_CONV_2D on int8 with any filter and stride, for cores with the DSP extension.
 *
 * Outputs are sums over pairs of inputs as they lie in the plane's words. An output that begins in
 * the middle of a word takes taps that are moved by one: a row (w0, w1, w2) is (w0, w1), (w2, 0)
 * for outputs at even columns and (0, w0), (w1, w2) for those at odd ones. */
#ifndef TCK_DEPTHWISE_PLANES_S8_DSP_H
#define TCK_DEPTHWISE_PLANES_S8_DSP_H

#include "depthwise_planes_s8.h"

typedef struct {
    const uint32_t *taps; /* [KH, words, 2]: for even columns, for odd ones */
    int32_t words;        /* per row of the filter */
    int32_t pitch;        /* words between the plane's rows */
    int32_t height;       /* of the filter */
    int32_t bias;         /* all of the sums are doubled */
    int32_t multiplier;
    int32_t power; /* -2^(32 - right shift) */
    int32_t output_offset;
} tck_depthwise_filter;

/* tck_multiply_two_roundings of half the sum, the offset, and the limits of int8. */
TCK_INLINE int8_t tck_depthwise_two_roundings(const tck_depthwise_filter *f, int32_t sum) {
    const int32_t product = tck_smmulr(sum, f->multiplier);
    const int32_t away = product + (product >> 31);
    return (int8_t)tck_ssat8(tck_smmlsr(away, f->power, f->output_offset));
}

/* One output; x is the word that holds its first input, `odd` the half in which it begins. */
TCK_INLINE int8_t tck_depthwise_single(const tck_depthwise_filter *f, const tck_halves *x,
                                       int32_t odd) {
    const uint32_t *taps = f->taps + odd;
    int32_t sum = f->bias;
    for (int32_t row = 0; row < f->height; ++row, x += f->pitch) {
        for (int32_t i = 0; i < f->words; ++i, taps += 2) {
            sum = tck_smlad(x[i], *taps, sum);
        }
    }
    return tck_depthwise_two_roundings(f, sum);
}

/* Four outputs from an even column on, at horizontal stride 1. */
TCK_INLINE void tck_depthwise_four(const tck_depthwise_filter *f, const tck_halves *x,
                                   int8_t *output, int32_t step) {
    const uint32_t *taps = f->taps;
    int32_t sum_0 = f->bias, sum_1 = sum_0, sum_2 = sum_0, sum_3 = sum_0;
    for (int32_t row = 0; row < f->height; ++row, x += f->pitch) {
        uint32_t first = x[0];
        const uint32_t *next = x + 1;
        const uint32_t *const end = next + f->words;
        do {
            const uint32_t even = taps[0], odd = taps[1], second = *next++;
            sum_0 = tck_smlad(first, even, sum_0);
            sum_1 = tck_smlad(first, odd, sum_1);
            sum_2 = tck_smlad(second, even, sum_2);
            sum_3 = tck_smlad(second, odd, sum_3);
            first = second;
            taps += 2;
        } while (next != end);
    }
    output[0] = tck_depthwise_two_roundings(f, sum_0);
    output[step] = tck_depthwise_two_roundings(f, sum_1);
    output[2 * step] = tck_depthwise_two_roundings(f, sum_2);
    output[3 * step] = tck_depthwise_two_roundings(f, sum_3);
}

/* Four outputs at horizontal stride 2. */
TCK_INLINE void tck_depthwise_four_apart(const tck_depthwise_filter *f, const tck_halves *x,
                                         int8_t *output, int32_t step) {
    const uint32_t *taps = f->taps;
    int32_t sum_0 = f->bias, sum_1 = sum_0, sum_2 = sum_0, sum_3 = sum_0;
    for (int32_t row = 0; row < f->height; ++row, x += f->pitch) {
        const uint32_t *next = x + 3;
        const uint32_t *const end = next + f->words;
        uint32_t a = x[0], b = x[1], c = x[2];
        do {
            const uint32_t tap = *taps, d = *next++;
            sum_0 = tck_smlad(a, tap, sum_0);
            sum_1 = tck_smlad(b, tap, sum_1);
            sum_2 = tck_smlad(c, tap, sum_2);
            sum_3 = tck_smlad(d, tap, sum_3);
            a = b;
            b = c;
            c = d;
            taps += 2;
        } while (next != end);
    }
    output[0] = tck_depthwise_two_roundings(f, sum_0);
    output[step] = tck_depthwise_two_roundings(f, sum_1);
    output[2 * step] = tck_depthwise_two_roundings(f, sum_2);
    output[3 * step] = tck_depthwise_two_roundings(f, sum_3);
}

/* Writes the doubled taps of one channel. */
TCK_INLINE void tck_depthwise_taps(const tck_depthwise_planes_s8_params *p, const int8_t *weights,
                                   uint32_t *taps, int32_t words) {
    for (int32_t row = 0; row < p->filter_height; ++row, weights += p->filter_width) {
        int32_t before = 0;
        for (int32_t i = 0; i < 2 * words; i += 2) {
            const int32_t a = i < p->filter_width ? 2 * weights[i] : 0;
            const int32_t b = i + 1 < p->filter_width ? 2 * weights[i + 1] : 0;
            *taps++ = tck_pkhbt((uint32_t)a, (uint32_t)b);
            *taps++ = tck_pkhbt((uint32_t)before, (uint32_t)a);
            before = b;
        }
    }
}

static void tck_depthwise_dsp_band(const tck_depthwise_planes_s8_params *p, const tck_half *plane,
                                   int32_t channel, int32_t rows, int8_t *output,
                                   int32_t *scratch) {
    const int32_t stride = p->stride_width;
    /* Only odd strides lead to odd columns, which need room for one tap more. */
    const int32_t words = (p->filter_width + 1 + (stride & 1)) / 2;
    const int32_t step = p->input_channels * p->depth_multiplier;
    const tck_halves *x = (const tck_halves *)(const void *)plane;
    const tck_depthwise_filter filter = {
        .taps = (uint32_t *)scratch,
        .words = words,
        .pitch = p->pitch / 2,
        .height = p->filter_height,
        .bias = p->bias[channel],
        .multiplier = p->multipliers[channel],
        .power = INT32_MIN >> (-p->shifts[channel] - 1),
        .output_offset = p->output_offset,
    };
    tck_depthwise_taps(p, p->weights + channel * p->filter_height * p->filter_width,
                       (uint32_t *)scratch, words);
    for (int32_t row = 0; row < rows; ++row) {
        int32_t column = 0;
        if (stride == 1) {
            for (; column + 4 <= p->output_width; column += 4, output += 4 * step) {
                tck_depthwise_four(&filter, x + column / 2, output, step);
            }
        } else if (stride == 2) {
            for (; column + 4 <= p->output_width; column += 4, output += 4 * step) {
                tck_depthwise_four_apart(&filter, x + column, output, step);
            }
        }
        for (; column < p->output_width; ++column, output += step) {
            const int32_t begin = column * stride;
            *output = tck_depthwise_single(&filter, x + begin / 2, begin & 1);
        }
        x += p->stride_height * filter.pitch;
    }
}

TCK_KERNEL void tck_depthwise_planes_s8_dsp(const tck_depthwise_planes_s8_params *p,
                                            const int8_t *input, int8_t *output, int32_t *scratch) {
    tck_depthwise_planes(p, input, output, scratch, tck_depthwise_dsp_band, tck_depthwise_gather);
}

#endif
