/* TRANSPOSE_CONV of any shape with int8 weights: parameters and loops of every type. Every output
 * gathers the taps that reach it, so that no accumulators have to be kept. */
#ifndef TCK_TRANSPOSE_CONV_H
#define TCK_TRANSPOSE_CONV_H

#include "../../common/elements.h"

/* A kernel uses the bias that its sums have the width of, and the offsets if it has zero points. */
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
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset;
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [C_OUT, KH, KW, C_IN] */
    const int32_t *bias;        /* [C_OUT] */
    const int64_t *wide_bias;   /* [C_OUT] */
    const int32_t *multipliers; /* [C_OUT] */
    const int8_t *shifts;       /* [C_OUT] */
} tck_transpose_conv_params;

/* Sum over the channels of one tap, from the input element at `at` on. */
typedef int64_t (*tck_transpose_conv_tap)(const tck_transpose_conv_params *p, const void *input,
                                          int32_t at, const int8_t *weights);

/* The output of a sum, not yet limited. */
typedef int32_t (*tck_transpose_conv_rescale)(const tck_transpose_conv_params *p, int64_t sum,
                                              int32_t channel);

/* Sum over the taps that reach the output at (y, x) of the padded output, of the image at `image`;
 * weights of one channel. */
TCK_INLINE int64_t tck_transpose_conv_sum(const tck_transpose_conv_params *p,
                                          tck_transpose_conv_tap tap, const void *input,
                                          int32_t image, const int8_t *weights, int32_t y,
                                          int32_t x) {
    int64_t sum = 0;
    for (int32_t ky = y % p->stride_height; ky < p->filter_height && ky <= y;) {
        const int32_t in_y = (y - ky) / p->stride_height;
        for (int32_t kx = x % p->stride_width; kx < p->filter_width && kx <= x;) {
            const int32_t in_x = (x - kx) / p->stride_width;
            if (in_y < p->input_height && in_x < p->input_width) {
                const int32_t at = image + (in_y * p->input_width + in_x) * p->input_channels;
                sum += tap(p, input, at, weights + (ky * p->filter_width + kx) * p->input_channels);
            }
            if (p->stride_width >= p->filter_width) {
                break;
            }
            kx += p->stride_width;
        }
        if (p->stride_height >= p->filter_height) {
            break;
        }
        ky += p->stride_height;
    }
    return sum;
}

/* input [N, H, W, C_IN] -> output [N, H_OUT, W_OUT, C_OUT], of elements of so many bytes; both
 * functions are inlined, since they are known where this is. */
TCK_INLINE void tck_transpose_conv(const tck_transpose_conv_params *p, tck_transpose_conv_tap tap,
                                   tck_transpose_conv_rescale rescale, int32_t bytes,
                                   const void *input, void *output) {
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;
    const int32_t image_size = p->input_height * p->input_width * p->input_channels;
    int32_t at = 0;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                for (int32_t oc = 0; oc < p->output_channels; ++oc, ++at) {
                    const int64_t sum = tck_transpose_conv_sum(p, tap, input, n * image_size,
                                                               p->weights + oc * filter_size,
                                                               oy + p->pad_top, ox + p->pad_left);
                    const int32_t value = rescale(p, sum, oc);
                    tck_set_element(output, at, tck_clamp(value, p->clamp_min, p->clamp_max),
                                    bytes);
                }
            }
        }
    }
}

#endif
