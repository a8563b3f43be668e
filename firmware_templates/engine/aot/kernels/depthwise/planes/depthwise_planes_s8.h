/* DEPTHWISE_CONV_2D on int8, one channel at a time: parameters, and the plane that every variant
 * works on.
 *
 * A plane is one input channel as int16_t, padded with the zero point, so that no filter tap is
 * ever outside it. It holds the rows that one band of output rows needs; the rows that two bands
 * share are kept. A channel's outputs are written only when their inputs are in the plane, so that
 * the output may be the input's memory if both have the same channels. */
#ifndef TCK_DEPTHWISE_PLANES_S8_H
#define TCK_DEPTHWISE_PLANES_S8_H

#include "../../../tck_simd.h"
#include "../../common/clamp_s8.h"

typedef struct {
    const int8_t *weights;      /* [C_OUT, KH, KW], or the stream of depthwise_3x3_s8_dsp.h */
    const int32_t *bias;        /* [C_OUT]; holds the input's zero point */
    const int32_t *multipliers; /* [C_OUT] */
    const int16_t *addends;     /* [C_OUT], of a fitted multiply */
    const int8_t *shifts;       /* [C_OUT], of a double rounding */
    uint16_t batches;
    uint16_t input_height;
    uint16_t input_width;
    uint16_t input_channels;
    uint16_t output_height;
    uint16_t output_width;
    int16_t pad_top;
    int16_t pad_left;
    int16_t pad_value;        /* the input's zero point, with it */
    uint16_t used_width;      /* input columns that some tap reads */
    uint16_t pitch;           /* int16_t between rows of the plane, even */
    uint16_t plane_words;     /* size of the plane, two int16_t each */
    uint16_t band_height;     /* output rows of a band */
    uint8_t depth_multiplier; /* output channels per input channel */
    uint8_t filter_height;
    uint8_t filter_width;
    uint8_t stride_height;
    uint8_t stride_width;
    uint8_t plane_offset; /* added to inputs in the plane, where they are gathered with it */
    int8_t output_offset;
    int8_t clamp_min;
    int8_t clamp_max;
    uint8_t fraction_bits; /* of a fitted multiply, where the code does not know them */
} tck_depthwise_planes_s8_params;

/* Writes the outputs of one channel and band; `output` points at the first. */
typedef void (*tck_depthwise_band)(const tck_depthwise_planes_s8_params *p, const tck_half *plane,
                                   int32_t channel, int32_t rows, int8_t *output, int32_t *scratch);

/* Rows to copy, of `single + 4 * fours + singles` elements each. The singles before the fours make
 * these aligned. */
typedef struct {
    int32_t step; /* from element to element */
    int32_t rows;
    int32_t fours;
    int32_t single;
    int32_t singles;
    int32_t to_gap; /* behind each row, in bytes */
    int32_t from_gap;
    int32_t offset; /* added to every element */
} tck_depthwise_rows;

/* Copies rows of int8_t to rows of int16_t. */
typedef void (*tck_depthwise_copy)(tck_half *to, const int8_t *from, const tck_depthwise_rows *r);

TCK_SHARED void tck_depthwise_gather_with_offset(tck_half *to, const int8_t *from,
                                                 const tck_depthwise_rows *r) {
    /* Read once: for all that the compiler knows, the plane may be where they are. */
    const int32_t width = r->single + 4 * r->fours + r->singles, step = r->step;
    const int32_t to_gap = r->to_gap / 2, from_gap = r->from_gap, offset = r->offset;
    for (int32_t rows = r->rows; rows > 0; --rows) {
        for (int32_t i = width; i > 0; --i) {
            *to++ = (int16_t)(*from + offset);
            from += step;
        }
        to += to_gap;
        from += from_gap;
    }
}

/* The same for kernels whose offset is 0. */
#if TCK_DSP

TCK_NAKED void tck_depthwise_gather(tck_half *to __attribute__((unused)),
                                    const int8_t *from __attribute__((unused)),
                                    const tck_depthwise_rows *r __attribute__((unused))) {
    __asm__ volatile("push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "mov    r11, r2\n"
                     "ldrd   r2, r3, [r11]\n"
                     "add    r12, r2, r2, lsl #1\n"
                     "ldrd   lr, r10, [r11, #20]\n"
                     "1:\n"
                     "ldrd   r6, r7, [r11, #8]\n"
                     "cbz    r7, 2f\n"
                     "ldrsb  r4, [r1]\n"
                     "add    r1, r1, r2\n"
                     "strh   r4, [r0], #2\n"
                     "2:\n"
                     "cbz    r6, 4f\n"
                     "3:\n"
                     "ldrsb  r4, [r1]\n"
                     "ldrsb  r5, [r1, r2]\n"
                     "ldrsb  r8, [r1, r2, lsl #1]\n"
                     "ldrsb  r9, [r1, r12]\n"
                     "add    r1, r1, r2, lsl #2\n"
                     "subs   r6, r6, #1\n"
                     "pkhbt  r4, r4, r5, lsl #16\n"
                     "pkhbt  r5, r8, r9, lsl #16\n"
                     "stmia  r0!, {r4, r5}\n"
                     "bne    3b\n"
                     "4:\n"
                     "ldr    r6, [r11, #16]\n"
                     "cbz    r6, 6f\n"
                     "5:\n"
                     "ldrsb  r4, [r1]\n"
                     "subs   r6, r6, #1\n"
                     "add    r1, r1, r2\n"
                     "strh   r4, [r0], #2\n"
                     "bne    5b\n"
                     "6:\n"
                     "subs   r3, r3, #1\n"
                     "add    r0, r0, lr\n"
                     "add    r1, r1, r10\n"
                     "bne    1b\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#else

#define tck_depthwise_gather tck_depthwise_gather_with_offset

#endif

/* Not TCK_SMALL: to GCC whatever calls a cold function is cold, the copying to planes with it. */
TCK_SHARED void tck_depthwise_fill(uint32_t *to, const uint32_t *end, uint32_t value) {
    for (; end - to >= 4; to += 4) {
        to[0] = value;
        to[1] = value;
        to[2] = value;
        to[3] = value;
    }
    while (to < end) {
        *to++ = value;
    }
}

/* Rows of the plane from `row` to `end`; row 0 is row `top` of the input. */
TCK_INLINE void tck_depthwise_load_by(const tck_depthwise_planes_s8_params *p, uint32_t *plane,
                                      const int8_t *input, int32_t top, int32_t row, int32_t end,
                                      tck_depthwise_copy copy) {
    const int32_t inside = tck_max(row, -top);
    const int32_t outside = tck_min(end, p->input_height - top);
    const int32_t pitch = p->pitch / 2;
    if (p->band_height < p->output_height) {
        const uint32_t pad = tck_pair(p->pad_value, p->pad_value);
        tck_depthwise_fill(plane + row * pitch, plane + tck_min(inside, end) * pitch, pad);
        tck_depthwise_fill(plane + tck_max(outside, row) * pitch, plane + end * pitch, pad);
    }
    if (inside < outside && p->used_width > 0) {
        const int32_t single = p->pad_left & 1;
        const int32_t rest = p->used_width - single;
        const tck_depthwise_rows rows = {
            .step = p->input_channels,
            .rows = outside - inside,
            .fours = rest >> 2,
            .single = single,
            .singles = rest & 3,
            .to_gap = 2 * (p->pitch - p->used_width),
            .from_gap = (p->input_width - p->used_width) * p->input_channels,
            .offset = p->plane_offset,
        };
        copy((tck_half *)(void *)plane + inside * p->pitch + p->pad_left,
             input + (top + inside) * p->input_width * p->input_channels, &rows);
    }
}

TCK_INLINE void tck_depthwise_load(const tck_depthwise_planes_s8_params *p, uint32_t *plane,
                                   const int8_t *input, int32_t top, int32_t row, int32_t end) {
    tck_depthwise_load_by(p, plane, input, top, row, end, tck_depthwise_gather);
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_IN * depth_multiplier] */
TCK_SHARED void tck_depthwise_planes(const tck_depthwise_planes_s8_params *p, const int8_t *input,
                                     int8_t *output, int32_t *scratch, tck_depthwise_band band,
                                     tck_depthwise_copy copy) {
    uint32_t *plane = (uint32_t *)scratch;
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int32_t shared = tck_max(p->filter_height - p->stride_height, 0) * p->pitch / 2;
    const uint32_t *next = plane + p->band_height * p->stride_height * p->pitch / 2;
    int8_t *const first = output;
    tck_depthwise_fill(plane, plane + p->plane_words, tck_pair(p->pad_value, p->pad_value));
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t c = 0; c < p->input_channels; ++c) {
            int8_t *to = output + c * p->depth_multiplier;
            for (int32_t oy = 0; oy < p->output_height; oy += p->band_height) {
                const int32_t rows = tck_min(p->band_height, p->output_height - oy);
                int32_t kept = 0;
                if (oy > 0) {
                    for (; kept < shared; ++kept) {
                        plane[kept] = next[kept];
                    }
                    kept = tck_max(p->filter_height - p->stride_height, 0);
                }
                tck_depthwise_load_by(p, plane, input + c, oy * p->stride_height - p->pad_top, kept,
                                      (rows - 1) * p->stride_height + p->filter_height, copy);
                for (int32_t m = 0; m < p->depth_multiplier; ++m) {
                    band(p, (const tck_half *)(const void *)plane, c * p->depth_multiplier + m,
                         rows, to + m, scratch + p->plane_words);
                }
                to += p->band_height * p->output_width * channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
        output += p->output_height * p->output_width * channels;
    }
    tck_clamp_s8(first, (int32_t)(output - first), p->clamp_min, p->clamp_max);
}

#endif
