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

/* Sum over the taps inside the input for one output channel; `input` is the first of them. */
TCK_INLINE float tck_depthwise_conv_2d_f32_sum(const tck_depthwise_conv_2d_f32_params *p,
                                               const float *input, tck_taps ys, tck_taps xs,
                                               int32_t channel, int32_t bytes) {
    const int32_t channels = p->input_channels * p->multiplier;
    const int32_t down = p->dilation_height * p->input_width * p->input_channels;
    const int32_t right = p->dilation_width * p->input_channels;
    float sum = 0.0f;
    for (int32_t ky = ys.begin; ky < ys.end; ++ky, input += down) {
        const int32_t at = (ky * p->filter_width + xs.begin) * channels + channel;
        for (int32_t kx = 0; kx < xs.end - xs.begin; ++kx) {
            sum += input[kx * right] * tck_weight_f32(p->weights, at + kx * channels, bytes);
        }
    }
    return sum;
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
                for (int32_t c = 0; c < p->input_channels * p->multiplier; ++c) {
                    const float sum = tck_depthwise_conv_2d_f32_sum(
                        p, input + first + c / p->multiplier, ys, xs, c, bytes);
                    *output++ = tck_clamp_f32(sum + p->bias[c], p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
