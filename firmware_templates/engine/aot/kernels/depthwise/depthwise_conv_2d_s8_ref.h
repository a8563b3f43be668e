/* DEPTHWISE_CONV_2D on int8, any shape: one output at a time, taps outside are skipped. */
#ifndef TCK_DEPTHWISE_CONV_2D_S8_REF_H
#define TCK_DEPTHWISE_CONV_2D_S8_REF_H

#include "depthwise_conv_2d_s8.h"
#include "../common/window.h"

/* Sum over the taps inside the input; `input` and `weights` point at the channel's first tap. */
TCK_INLINE uint32_t tck_depthwise_conv_2d_s8_ref_sum(const tck_depthwise_conv_2d_s8_params *p,
                                                     const int8_t *input, const int8_t *weights,
                                                     int32_t y_origin, int32_t x_origin,
                                                     tck_taps ys, tck_taps xs) {
    const int32_t output_channels = p->input_channels * p->depth_multiplier;
    uint32_t sum = 0;
    for (int32_t ky = ys.begin; ky < ys.end; ++ky) {
        const int32_t y = y_origin + ky * p->dilation_height;
        for (int32_t kx = xs.begin; kx < xs.end; ++kx) {
            const int32_t x = x_origin + kx * p->dilation_width;
            const int32_t value = input[(y * p->input_width + x) * p->input_channels];
            const int32_t weight = weights[(ky * p->filter_width + kx) * output_channels];
            sum += (uint32_t)((value + p->input_offset) * weight);
        }
    }
    return sum;
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_IN * depth_multiplier] */
TCK_KERNEL void tck_depthwise_conv_2d_s8_ref(const tck_depthwise_conv_2d_s8_params *p,
                                             const int8_t *input, int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys =
                tck_taps_inside(y, p->input_height, p->filter_height, p->dilation_height);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs =
                    tck_taps_inside(x, p->input_width, p->filter_width, p->dilation_width);
                for (int32_t ic = 0; ic < p->input_channels; ++ic) {
                    for (int32_t m = 0; m < p->depth_multiplier; ++m) {
                        const int32_t oc = ic * p->depth_multiplier + m;
                        const uint32_t sum = tck_depthwise_conv_2d_s8_ref_sum(
                            p, input + ic, p->weights + oc, y, x, ys, xs);
                        const int32_t acc = (int32_t)(sum + (uint32_t)p->bias[oc]);
                        const int32_t scaled =
                            tck_multiply_two_roundings(acc, p->multipliers[oc], p->shifts[oc]);
                        *output++ = (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset),
                                                      p->clamp_min, p->clamp_max);
                    }
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
