/* CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED on int16 with int8 weights: the loops. A depthwise
 * convolution has as many groups as input channels, a dense layer one pixel per row. */
#ifndef TCK_CONV_2D_S16_H
#define TCK_CONV_2D_S16_H

#include "../../common/window.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t groups;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [C_OUT, KH, KW, C_IN / groups] */
    const int64_t *bias;        /* [C_OUT] */
    const int64_t *multipliers; /* [C_OUT] */
    const int8_t *shifts;       /* [C_OUT] */
} tck_conv_2d_s16_params;

/* A sum, rescaled to the output; not yet limited. */
typedef int32_t (*tck_conv_2d_s16_rescale)(int64_t sum, int64_t multiplier, int32_t shift);

/* Sum over the taps inside the input for one output channel. */
TCK_INLINE int64_t tck_conv_2d_s16_sum(const tck_conv_2d_s16_params *p, const int16_t *input,
                                       const int8_t *weights, int32_t y_origin, int32_t x_origin,
                                       tck_taps ys, tck_taps xs) {
    const int32_t channels = p->input_channels / p->groups;
    int64_t sum = 0;
    for (int32_t ky = ys.begin; ky < ys.end; ++ky) {
        const int32_t y = y_origin + ky * p->dilation_height;
        for (int32_t kx = xs.begin; kx < xs.end; ++kx) {
            const int32_t x = x_origin + kx * p->dilation_width;
            const int16_t *in = input + (y * p->input_width + x) * p->input_channels;
            const int8_t *w = weights + (ky * p->filter_width + kx) * channels;
            for (int32_t c = 0; c < channels; ++c) {
                sum += in[c] * w[c];
            }
        }
    }
    return sum;
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; `rescale` is inlined. */
TCK_INLINE void tck_conv_2d_s16(const tck_conv_2d_s16_params *p, tck_conv_2d_s16_rescale rescale,
                                const int16_t *input, int16_t *output) {
    const int32_t group_inputs = p->input_channels / p->groups;
    const int32_t group_outputs = p->output_channels / p->groups;
    const int32_t filter_size = p->filter_height * p->filter_width * group_inputs;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys =
                tck_taps_inside(y, p->input_height, p->filter_height, p->dilation_height);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs =
                    tck_taps_inside(x, p->input_width, p->filter_width, p->dilation_width);
                for (int32_t oc = 0; oc < p->output_channels; ++oc) {
                    const int16_t *in = input + oc / group_outputs * group_inputs;
                    const int8_t *w = p->weights + oc * filter_size;
                    const int64_t sum = tck_conv_2d_s16_sum(p, in, w, y, x, ys, xs) + p->bias[oc];
                    const int32_t scaled = rescale(sum, p->multipliers[oc], p->shifts[oc]);
                    *output++ = (int16_t)tck_clamp(scaled, p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
