/* DEPTHWISE_CONV_2D on int8, four channels at a time, for cores with the DSP extension: for few
 * pixels, where preparing planes does not pay. Taps outside the input are skipped.
 *
 * The stream has for every four channels what the code reads, in that order: four biases, for every
 * tap a quad of weights, four multipliers, and four right shifts less one as a quad, or two pairs
 * of addends of fitted lines. */
#ifndef TCK_DEPTHWISE_QUADS_S8_DSP_H
#define TCK_DEPTHWISE_QUADS_S8_DSP_H

#include <stddef.h>

#include "../../tck_simd.h"
#include "../common/clamp_s8.h"
#include "../common/window.h"

/* Bits below the output's unit in the fitted line. */
#define TCK_QUADS_FRACTION_BITS 2

typedef struct {
    const uint32_t *stream;
    uint16_t batches;
    uint16_t input_height;
    uint16_t input_width;
    uint16_t channels; /* a multiple of four */
    uint16_t output_height;
    uint16_t output_width;
    uint16_t filter_height;
    uint16_t filter_width;
    uint16_t stride_height;
    uint16_t stride_width;
    int16_t pad_top;
    int16_t pad_left;
    int16_t input_offset; /* minus the input's zero point */
    int8_t output_offset;
    int8_t clamp_min;
    int8_t clamp_max;
} tck_depthwise_quads_s8_params;

/* What is the same for all channels of a pixel. Passed by value: the functions below work on their
 * own copy on the stack. */
typedef struct {
    int32_t groups;
    const int8_t *input; /* the first channel at the first tap inside */
    int32_t rows;        /* of taps inside */
    int32_t left;        /* rows still to do, set by the function */
    int32_t columns;
    int32_t before; /* bytes of the stream before the first tap inside */
    int32_t input_gap;
    int32_t stream_gap; /* both from the end of a row of taps inside to the next */
    int32_t after;      /* bytes of the stream from there to behind all taps */
    int32_t output_offset;
} tck_quads_task;

/* stream, output, channels, the input's offset as a pair, the rest */
typedef void (*tck_quads)(const uint32_t *stream, int8_t *output, int32_t channels,
                          uint32_t offsets, tck_quads_task task);

#if TCK_DSP

_Static_assert(offsetof(tck_quads_task, output_offset) == 36, "the code below knows the offsets");

/* Stack: 36 task. r0 stream, r1 output, r2 channels, r3 input, r4-r7 sums, lr offsets. Leaves the
 * stream at the multipliers. */
#define TCK_QUADS_SUMS                                                                             \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "mov    lr, r3\n"                                                                              \
    "1:\n"                                                                                         \
    "ldmia  r0!, {r4, r5, r6, r7}\n"                                                               \
    "ldr    r8, [sp, #56]\n"                                                                       \
    "ldrd   r3, r9, [sp, #40]\n"                                                                   \
    "add    r0, r0, r8\n"                                                                          \
    "str    r9, [sp, #48]\n"                                                                       \
    "2:\n"                                                                                         \
    "ldr    r12, [sp, #52]\n"                                                                      \
    "3:\n"                                                                                         \
    "ldr    r8, [r3]\n"                                                                            \
    "ldr    r10, [r0], #4\n"                                                                       \
    "add    r3, r3, r2\n"                                                                          \
    "sxtab16 r9, lr, r8\n"                                                                         \
    "sxtab16 r8, lr, r8, ror #8\n"                                                                 \
    "sxtb16 r11, r10\n"                                                                            \
    "sxtb16 r10, r10, ror #8\n"                                                                    \
    "subs   r12, r12, #1\n"                                                                        \
    "smlabb r4, r9, r11, r4\n"                                                                     \
    "smlatt r6, r9, r11, r6\n"                                                                     \
    "smlabb r5, r8, r10, r5\n"                                                                     \
    "smlatt r7, r8, r10, r7\n"                                                                     \
    "bne    3b\n"                                                                                  \
    "ldrd   r8, r9, [sp, #60]\n"                                                                   \
    "ldr    r12, [sp, #48]\n"                                                                      \
    "add    r3, r3, r8\n"                                                                          \
    "add    r0, r0, r9\n"                                                                          \
    "subs   r12, r12, #1\n"                                                                        \
    "str    r12, [sp, #48]\n"                                                                      \
    "bne    2b\n"                                                                                  \
    "ldr    r12, [sp, #68]\n"                                                                      \
    "add    r0, r0, r12\n"                                                                         \
    "ldmia  r0!, {r8, r9, r10, r11}\n"

#define TCK_QUADS_STORE                                                                            \
    "ldr    r9, [sp, #40]\n"                                                                       \
    "ldr    r8, [sp, #36]\n"                                                                       \
    "strb   r4, [r1]\n"                                                                            \
    "strb   r5, [r1, #1]\n"                                                                        \
    "strb   r6, [r1, #2]\n"                                                                        \
    "strb   r7, [r1, #3]\n"                                                                        \
    "adds   r1, #4\n"                                                                              \
    "add    r9, r9, #4\n"                                                                          \
    "str    r9, [sp, #40]\n"                                                                       \
    "subs   r8, r8, #1\n"                                                                          \
    "str    r8, [sp, #36]\n"                                                                       \
    "bne    1b\n"                                                                                  \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

#else

typedef struct {
    int32_t of[4];
} tck_quad_sums;

/* The sums of the next four channels; the stream is left at the multipliers. */
TCK_INLINE tck_quad_sums tck_quads_sums(const uint32_t **stream, int32_t channels, uint32_t offsets,
                                        const tck_quads_task *task) {
    tck_quad_sums sums;
    const int8_t *weights = (const int8_t *)(*stream + 4) + task->before;
    const int8_t *input = task->input;
    for (int32_t c = 0; c < 4; ++c) {
        sums.of[c] = (int32_t)(*stream)[c];
    }
    for (int32_t row = 0; row < task->rows; ++row) {
        for (int32_t column = 0; column < task->columns; ++column) {
            for (int32_t c = 0; c < 4; ++c) {
                sums.of[c] = tck_add_wrap(sums.of[c], (input[c] + tck_lo(offsets)) * weights[c]);
            }
            weights += 4;
            input += channels;
        }
        weights += task->stream_gap;
        input += task->input_gap;
    }
    *stream = (const uint32_t *)(const void *)(weights + task->after);
    return sums;
}

#endif

/* input [N, H, W, C] -> output [N, H, W, C] */
TCK_SHARED void tck_depthwise_quads(const tck_depthwise_quads_s8_params *p, const int8_t *input,
                                    int8_t *output, tck_quads quads) {
    const uint32_t offsets = tck_pair(p->input_offset, p->input_offset);
    const int32_t row_bytes = p->input_width * p->channels;
    int8_t *const first = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t oy = 0; oy < p->output_height; ++oy) {
            const int32_t y = oy * p->stride_height - p->pad_top;
            const tck_taps ys = tck_taps_inside(y, p->input_height, p->filter_height, 1);
            for (int32_t ox = 0; ox < p->output_width; ++ox) {
                const int32_t x = ox * p->stride_width - p->pad_left;
                const tck_taps xs = tck_taps_inside(x, p->input_width, p->filter_width, 1);
                const int32_t columns = xs.end - xs.begin;
                const tck_quads_task task = {
                    .groups = p->channels / 4,
                    .input = input + (y + ys.begin) * row_bytes + (x + xs.begin) * p->channels,
                    .rows = ys.end - ys.begin,
                    .columns = columns,
                    .before = 4 * (ys.begin * p->filter_width + xs.begin),
                    .input_gap = row_bytes - columns * p->channels,
                    .stream_gap = 4 * (p->filter_width - columns),
                    .after = 4 * ((p->filter_height - ys.end) * p->filter_width - xs.begin),
                    .output_offset = p->output_offset,
                };
                quads(p->stream, output, p->channels, offsets, task);
                output += p->channels;
            }
        }
        input += p->input_height * row_bytes;
    }
    tck_clamp_s8(first, (int32_t)(output - first), p->clamp_min, p->clamp_max);
}

#endif
