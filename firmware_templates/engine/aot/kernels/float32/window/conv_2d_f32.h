/* CONV_2D on float32: parameters, and the loops for either type of weights. */
#ifndef TCK_CONV_2D_F32_H
#define TCK_CONV_2D_F32_H

#include "../../common/window.h"
#include "../common/weights.h"

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
    float clamp_min;
    float clamp_max;
    const void *weights; /* [C_OUT, KH, KW, C_IN / groups] */
    const float *bias;   /* [C_OUT] */
} tck_conv_2d_f32_params;

/* Where a window lies, and which taps of it are inside the input. `pixels` of them side by side,
 * one or two, have the same taps inside. */
typedef struct {
    int32_t y;
    int32_t x;
    tck_taps ys;
    tck_taps xs;
} tck_conv_2d_f32_window;

/* Adds the products of `count` inputs in a row of each window to the sums of one output channel, or
 * of four; those of the second window are from sums[4] on. */
TCK_INLINE void tck_conv_2d_f32_row(const tck_conv_2d_f32_params *p, const float *input, int32_t at,
                                    int32_t count, int32_t bytes, int32_t four, int32_t pixels,
                                    float sums[8]) {
    const int32_t row = p->filter_height * p->filter_width * (p->input_channels / p->groups);
    const int32_t step = p->stride_width * p->input_channels;
    if (four && pixels == 2) {
        tck_eight_products_f32(input, step, p->weights, at, row, count, bytes, sums);
        return;
    }
    for (int32_t i = 0; i < pixels; ++i, input += step, sums += 4) {
        if (four) {
            tck_four_products_f32(input, p->weights, at, row, count, bytes, sums);
        } else {
            tck_products_f32(input, p->weights, at, count, bytes, sums);
        }
    }
}

/* All taps inside for one output channel, or four: `first` is weight 0 of the first of them. */
TCK_INLINE void tck_conv_2d_f32_sums(const tck_conv_2d_f32_params *p, const float *input,
                                     const tck_conv_2d_f32_window *window, int32_t first,
                                     int32_t bytes, int32_t four, int32_t pixels, float sums[8]) {
    const int32_t channels = p->input_channels / p->groups;
    const int32_t taps = window->xs.end - window->xs.begin;
    /* The taps of a row are neighbours, and one series, where nothing lies between them. */
    const int32_t joined = p->dilation_width == 1 && p->groups == 1;
    for (int32_t ky = window->ys.begin; ky < window->ys.end; ++ky) {
        const int32_t y = window->y + ky * p->dilation_height;
        const int32_t x = window->x + window->xs.begin * p->dilation_width;
        const float *row = input + (y * p->input_width + x) * p->input_channels;
        const int32_t at = first + (ky * p->filter_width + window->xs.begin) * channels;
        for (int32_t kx = 0; kx < (joined ? 1 : taps); ++kx) {
            tck_conv_2d_f32_row(p, row + kx * p->dilation_width * p->input_channels,
                                at + kx * channels, joined ? taps * channels : channels, bytes,
                                four, pixels, sums);
        }
    }
}

/* All outputs of one pixel, or of two. */
TCK_INLINE void tck_conv_2d_f32_pixels(const tck_conv_2d_f32_params *p, const float *input,
                                       const tck_conv_2d_f32_window *window, int32_t bytes,
                                       int32_t pixels, float *output) {
    const int32_t group_inputs = p->input_channels / p->groups;
    const int32_t group_outputs = p->output_channels / p->groups;
    const int32_t filter_size = p->filter_height * p->filter_width * group_inputs;
    for (int32_t group = 0; group < p->groups; ++group, input += group_inputs) {
        const int32_t end = (group + 1) * group_outputs;
        int32_t channel = group * group_outputs;
        while (channel < end) {
            const int32_t four = channel + 4 <= end, count = four ? 4 : 1;
            float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
            if (four) {
                tck_conv_2d_f32_sums(p, input, window, channel * filter_size, bytes, 1, pixels,
                                     sums);
            } else {
                tck_conv_2d_f32_sums(p, input, window, channel * filter_size, bytes, 0, pixels,
                                     sums);
            }
            for (int32_t i = 0; i < pixels; ++i) {
                for (int32_t c = channel; c < channel + count; ++c) {
                    output[i * p->output_channels + c] = tck_clamp_f32(
                        sums[4 * i + c - channel] + p->bias[c], p->clamp_min, p->clamp_max);
                }
            }
            channel += count;
        }
    }
}

/* One row of the output. */
TCK_INLINE void tck_conv_2d_f32_line(const tck_conv_2d_f32_params *p, const float *input,
                                     tck_conv_2d_f32_window *window, int32_t bytes, float *output) {
    int32_t ox = 0;
    while (ox < p->output_width) {
        window->x = ox * p->stride_width - p->pad_left;
        window->xs = tck_taps_inside(window->x, p->input_width, p->filter_width, p->dilation_width);
        const tck_taps next = tck_taps_inside(window->x + p->stride_width, p->input_width,
                                              p->filter_width, p->dilation_width);
        const int32_t alike = next.begin == window->xs.begin && next.end == window->xs.end;
        if (alike && ox + 2 <= p->output_width) {
            tck_conv_2d_f32_pixels(p, input, window, bytes, 2, output);
            output += 2 * p->output_channels;
            ox += 2;
        } else {
            tck_conv_2d_f32_pixels(p, input, window, bytes, 1, output);
            output += p->output_channels;
            ox += 1;
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT], by weights of so many bytes */
TCK_INLINE void tck_conv_2d_f32(const tck_conv_2d_f32_params *p, const float *input, float *output,
                                int32_t bytes) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            tck_conv_2d_f32_window window;
            window.y = oy * p->stride_height - p->pad_top;
            window.ys =
                tck_taps_inside(window.y, p->input_height, p->filter_height, p->dilation_height);
            tck_conv_2d_f32_line(p, input, &window, bytes, output);
            output += p->output_width * p->output_channels;
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
