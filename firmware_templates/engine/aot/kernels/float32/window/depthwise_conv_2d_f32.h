/* DEPTHWISE_CONV_2D on float32: parameters, and the loops for either type of weights. */
#ifndef TCK_DEPTHWISE_CONV_2D_F32_H
#define TCK_DEPTHWISE_CONV_2D_F32_H

#include "../../common/window.h"
#include "../common/weights.h"

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t multiplier; /* output channels of each input channel */
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    float clamp_min;
    float clamp_max;
    const void *weights; /* [1, KH, KW, C_IN * multiplier] */
    const float *bias;   /* [C_IN * multiplier] */
} tck_depthwise_conv_2d_f32_params;

/* Adds the products of the taps inside the input, in their order, to the sum of one output channel
 * or of four neighbouring ones; `input` is channel 0 of the first tap. */
TCK_INLINE void tck_depthwise_conv_2d_f32_sums(const tck_depthwise_conv_2d_f32_params *p,
                                               const float *input, tck_taps ys, tck_taps xs,
                                               int32_t channel, int32_t bytes, int32_t four,
                                               float sums[4]) {
    const int32_t channels = p->input_channels * p->multiplier;
    const int32_t down = p->dilation_height * p->input_width * p->input_channels;
    const int32_t right = p->dilation_width * p->input_channels;
    const int32_t from_0 = channel / p->multiplier, from_1 = (channel + 1) / p->multiplier;
    const int32_t from_2 = (channel + 2) / p->multiplier, from_3 = (channel + 3) / p->multiplier;
    float sum_0 = sums[0], sum_1 = sums[1], sum_2 = sums[2], sum_3 = sums[3];
    for (int32_t ky = ys.begin; ky < ys.end; ++ky, input += down) {
        const float *tap = input;
        int32_t at = (ky * p->filter_width + xs.begin) * channels + channel;
        for (int32_t kx = xs.begin; kx < xs.end; ++kx, tap += right, at += channels) {
            sum_0 += tap[from_0] * tck_weight_f32(p->weights, at, bytes);
            if (four) {
                sum_1 += tap[from_1] * tck_weight_f32(p->weights, at + 1, bytes);
                sum_2 += tap[from_2] * tck_weight_f32(p->weights, at + 2, bytes);
                sum_3 += tap[from_3] * tck_weight_f32(p->weights, at + 3, bytes);
            }
        }
    }
    sums[0] = sum_0;
    sums[1] = sum_1;
    sums[2] = sum_2;
    sums[3] = sum_3;
}

/* All outputs of one pixel; `input` is channel 0 of its first tap inside. */
TCK_INLINE void tck_depthwise_conv_2d_f32_pixel(const tck_depthwise_conv_2d_f32_params *p,
                                                const float *input, tck_taps ys, tck_taps xs,
                                                int32_t bytes, float *output) {
    const int32_t channels = p->input_channels * p->multiplier;
    int32_t channel = 0;
    while (channel < channels) {
        const int32_t four = channel + 4 <= channels;
        float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        if (four) {
            tck_depthwise_conv_2d_f32_sums(p, input, ys, xs, channel, bytes, 1, sums);
        } else {
            tck_depthwise_conv_2d_f32_sums(p, input, ys, xs, channel, bytes, 0, sums);
        }
        for (int32_t i = 0; i < (four ? 4 : 1); ++i, ++channel) {
            output[channel] = tck_clamp_f32(sums[i] + p->bias[channel], p->clamp_min, p->clamp_max);
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_IN * multiplier], by weights of so many bytes */
TCK_INLINE void tck_depthwise_conv_2d_f32(const tck_depthwise_conv_2d_f32_params *p,
                                          const float *input, float *output, int32_t bytes) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys =
                tck_taps_inside(y, p->input_height, p->filter_height, p->dilation_height);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs =
                    tck_taps_inside(x, p->input_width, p->filter_width, p->dilation_width);
                const int32_t row = y + ys.begin * p->dilation_height;
                const int32_t column = x + xs.begin * p->dilation_width;
                const int32_t first = (row * p->input_width + column) * p->input_channels;
                tck_depthwise_conv_2d_f32_pixel(p, input + first, ys, xs, bytes, output);
                output += p->input_channels * p->multiplier;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
