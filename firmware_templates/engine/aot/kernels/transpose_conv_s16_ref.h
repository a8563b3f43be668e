/* TRANSPOSE_CONV on int16 with int8 weights, any shape: every output gathers the taps that reach
 * it. Rescaled by 16 bits of the factor. */
#ifndef TCK_TRANSPOSE_CONV_S16_REF_H
#define TCK_TRANSPOSE_CONV_S16_REF_H

#include "../tck_math.h"

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
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [C_OUT, KH, KW, C_IN] */
    const int64_t *bias;        /* [C_OUT] */
    const int64_t *multipliers; /* [C_OUT] */
    const int8_t *shifts;       /* [C_OUT] */
} tck_transpose_conv_s16_params;

/* Sum over the taps that reach the output at (y, x) of the padded output; weights of one channel.
 */
TCK_INLINE int64_t tck_transpose_conv_s16_ref_sum(const tck_transpose_conv_s16_params *p,
                                                  const int16_t *input, const int8_t *weights,
                                                  int32_t y, int32_t x) {
    int64_t sum = 0;
    for (int32_t ky = y % p->stride_height; ky < p->filter_height && ky <= y;) {
        const int32_t in_y = (y - ky) / p->stride_height;
        for (int32_t kx = x % p->stride_width; kx < p->filter_width && kx <= x;) {
            const int32_t in_x = (x - kx) / p->stride_width;
            if (in_y < p->input_height && in_x < p->input_width) {
                const int16_t *in = input + (in_y * p->input_width + in_x) * p->input_channels;
                const int8_t *w = weights + (ky * p->filter_width + kx) * p->input_channels;
                for (int32_t c = 0; c < p->input_channels; ++c) {
                    sum += in[c] * w[c];
                }
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

/* input [N, H, W, C_IN] -> output [N, H_OUT, W_OUT, C_OUT] */
TCK_KERNEL void tck_transpose_conv_s16_ref(const tck_transpose_conv_s16_params *p,
                                           const int16_t *input, int16_t *output) {
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                for (int32_t oc = 0; oc < p->output_channels; ++oc) {
                    const int64_t sum = tck_transpose_conv_s16_ref_sum(
                        p, input, p->weights + oc * filter_size, oy + p->pad_top, ox + p->pad_left);
                    const int32_t scaled = tck_multiply_reduced(
                        sum + p->bias[oc], (int32_t)p->multipliers[oc], p->shifts[oc]);
                    *output++ = (int16_t)tck_clamp(scaled, p->clamp_min, p->clamp_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
