/* DEPTHWISE_CONV_2D on int8 with a 3x3 filter, for cores with the DSP extension.
 *
 * Works on the padded planes of depthwise_planes_s8.h: of one input channel for all its outputs, or
 * of four neighbouring channels at once, where SXTB16 and PKH sort the words of two pixels into
 * pairs of neighbours of each channel.
 *
 * A row of three taps (w0, w1, w2) is two pairs, (w0, w1) and (w1, w2), and two neighbouring
 * outputs share the inputs (x0, x1) and (x2, x3):
 *     stride 1: w0 x0 + w1 x1 + w2 x2 and w0 x1 + w1 x2 + w2 x3
 *     stride 2: w0 x0 + w1 x1 + w2 x2 and w0 x2 + w1 x3 + w2 x4
 * The last inputs of two outputs are the first of the next two. Weights are multiplied by 256, and
 * so are the sums that the fitted line takes.
 *
 * The stream, in place of `weights`, has 17 bytes for every channel: nine weights, the line's begin
 * and its multiplier. The line has no addend. */
#ifndef TCK_DEPTHWISE_3X3_S8_DSP_H
#define TCK_DEPTHWISE_3X3_S8_DSP_H

#include <stddef.h>

#include "depthwise_planes_s8.h"

/* Bits below the output's unit in the fitted line. */
#define TCK_DEPTHWISE_FRACTION_BITS 8

#define TCK_3X3_CHANNEL_BYTES 17

/* One band of some channels. Passed by value: the functions below work on their own copy on the
 * stack. A row's span leads from its begin to where its pairs end, which is a word past the first
 * inputs of the next output. */
typedef struct {
    int32_t row_step;  /* bytes from a row's end to the next row, and 1 if the row's outputs end
                          with a single one */
    int32_t row_bytes; /* of the plane between two output rows */
    const char *end;   /* of the row's span, and that of the row behind the last: both set by the
                          function */
    const char *last_end;
    int32_t span;
    int32_t total;       /* bytes of the plane between the first row and the one behind the last */
    int32_t plane_bytes; /* from one channel's plane to the next's */
    int32_t skip;        /* outputs, or pairs of them, that the first round of the loop leaves out;
                            then the function's own */
    const int8_t *stream;
    int32_t step; /* between neighbouring outputs */
} tck_depthwise_3x3_task;

/* plane, bytes between its rows, output, channels, the rest */
typedef void (*tck_depthwise_3x3_rows)(const uint32_t *plane, int32_t pitch, int8_t *output,
                                       int32_t channels, tck_depthwise_3x3_task task);

#if TCK_DSP

_Static_assert(offsetof(tck_depthwise_3x3_task, step) == 36, "the code below knows the offsets");

/* Stack: 0 (w0, w1) and 4 (w1, w2) of row 2, 8 begin, 12 multiplier, 16 step, 20 plane, 24 output,
 * 28 channels, 32 saved registers, 68 task. r0 plane, r1 its pitch, r2 output, r4-r6 inputs of the
 * three rows. r7 and r8 get (w0, w1) of the rows 0 and 1; the others as `weights` says, which
 * finds (w1, w3) << 8 of them in r9 and r10, (w0, w2) << 8 in r4 and r5, and of row 2 (w6, w8) << 8
 * in r11 and (w5, w7) << 8 in r6. A row begins at 9:, or at 5: where its first round is a whole
 * one. 2: is the loop, whose rounds have parts of `bytes` bytes. */
#define TCK_3X3_BEGIN(bytes, weights)                                                              \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "push   {r0, r2, r3}\n"                                                                        \
    "sub    sp, #20\n"                                                                             \
    "ldr    r4, [sp, #104]\n"                                                                      \
    "ldr    r5, [sp, #96]\n"                                                                       \
    "str    r4, [sp, #16]\n"                                                                       \
    "movs   r6, #" bytes "\n"                                                                      \
    "adr.w  r4, 2f\n"                                                                              \
    "mla    r4, r5, r6, r4\n"                                                                      \
    "orr    r4, r4, #1\n"                                                                          \
    "str    r4, [sp, #96]\n"                                                                       \
    "1:\n"                                                                                         \
    "ldrd   r11, r12, [sp, #84]\n"                                                                 \
    "ldr    r3, [sp, #100]\n"                                                                      \
    "add    r11, r11, r0\n"                                                                        \
    "add    r12, r12, r11\n"                                                                       \
    "strd   r11, r12, [sp, #76]\n"                                                                 \
    "ldr    r4, [r3]\n"                                                                            \
    "ldr    r5, [r3, #3]\n"                                                                        \
    "ldr    r6, [r3, #5]\n"                                                                        \
    "ldr    r11, [r3, #9]\n"                                                                       \
    "ldr    r12, [r3, #13]\n"                                                                      \
    "adds   r3, #17\n"                                                                             \
    "str    r3, [sp, #100]\n"                                                                      \
    "strd   r11, r12, [sp, #8]\n"                                                                  \
    "and    r9, r4, #0xFF00FF00\n"                                                                 \
    "and    r10, r5, #0xFF00FF00\n"                                                                \
    "and    r11, r6, #0xFF00FF00\n"                                                                \
    "lsls   r4, r4, #8\n"                                                                          \
    "lsls   r5, r5, #8\n"                                                                          \
    "lsls   r6, r6, #8\n"                                                                          \
    "and    r4, r4, #0xFF00FF00\n"                                                                 \
    "and    r5, r5, #0xFF00FF00\n"                                                                 \
    "and    r6, r6, #0xFF00FF00\n"                                                                 \
    "pkhbt  r7, r4, r9, lsl #16\n"                                                                 \
    "pkhbt  r8, r5, r10, lsl #16\n" weights "9:\n"                                                 \
    "ldr    r3, [sp, #96]\n" TCK_3X3_LOAD "bx     r3\n"                                            \
    ".balign 4\n"                                                                                  \
    "nop.n\n"                                                                                      \
    "5:\n" TCK_3X3_LOAD "2:\n"

/* Loads take ten bytes. */
#define TCK_3X3_LOAD                                                                               \
    "ldr.n  r5, [r0, r1]\n"                                                                        \
    "ldr.w  r6, [r0, r1, lsl #1]\n"                                                                \
    "ldr.w  r4, [r0], #4\n"

/* The loop's end. */
#define TCK_3X3_LOOP                                                                               \
    "ldr    r3, [sp, #76]\n"                                                                       \
    "cmp    r0, r3\n"                                                                              \
    "bne.w  2b\n"

/* The row after a row that ends at r0, if there is one: `end` is the end of this row, `last` that
 * of the one behind the last. */
#define TCK_3X3_NEXT_ROW(row_step, row_bytes, end, last, row)                                      \
    "add    r0, r0, " row_step "\n"                                                                \
    "add    " end ", " end ", " row_bytes "\n"                                                     \
    "cmp    " end ", " last "\n"                                                                   \
    "str    " end ", [sp, #76]\n"                                                                  \
    "bne.w  " row "\n"

/* The next channel, and the function's end. */
#define TCK_3X3_END                                                                                \
    "4:\n"                                                                                         \
    "ldrd   r0, r2, [sp, #20]\n"                                                                   \
    "ldr    r3, [sp, #28]\n"                                                                       \
    "ldr    r4, [sp, #92]\n"                                                                       \
    "adds   r2, #1\n"                                                                              \
    "add    r0, r0, r4\n"                                                                          \
    "subs   r3, #1\n"                                                                              \
    "strd   r0, r2, [sp, #20]\n"                                                                   \
    "str    r3, [sp, #28]\n"                                                                       \
    "bne.w  1b\n"                                                                                  \
    "add    sp, #32\n"                                                                             \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

#else

TCK_INLINE int8_t tck_depthwise_3x3_output(const tck_half *x, int32_t pitch, const int8_t *stream) {
    int32_t sum = (int32_t)tck_load_word(stream + 9);
    for (int32_t row = 0; row < 3; ++row, x += pitch, stream += 3) {
        for (int32_t i = 0; i < 3; ++i) {
            sum = tck_add_wrap(sum, 256 * stream[i] * x[i]);
        }
    }
    const int32_t multiplier = (int32_t)tck_load_word(stream + 4);
    return (int8_t)tck_ssat8(tck_smmla(sum, multiplier, 0) >> TCK_DEPTHWISE_FRACTION_BITS);
}

TCK_INLINE void tck_depthwise_3x3_channels(const uint32_t *plane, int32_t pitch, int8_t *output,
                                           int32_t channels, tck_depthwise_3x3_task task,
                                           int32_t stride) {
    const int32_t width = (task.span - 4) / (2 * stride) + (task.row_step & 1);
    for (int32_t c = 0; c < channels; ++c, task.stream += TCK_3X3_CHANNEL_BYTES) {
        const tck_half *row = (const tck_half *)(const void *)plane + c * task.plane_bytes / 2;
        int8_t *to = output + c;
        for (int32_t at = 0; at < task.total; at += task.row_bytes, row += task.row_bytes / 2) {
            for (int32_t x = 0; x < width; ++x, to += task.step) {
                *to = tck_depthwise_3x3_output(row + stride * x, pitch / 2, task.stream);
            }
        }
    }
}

#endif

/* What tck_depthwise_gather does, for four planes and words of four channels: `pairs` pairs of
 * columns, the first without an input if `single` is set, then one with an input alone if `tail`
 * is. Where there is no input, there is `pad`. */
typedef struct {
    int32_t plane_bytes;
    uint32_t pad;
    int32_t pairs;
    int32_t single;
    int32_t tail;
    int32_t to_gap;
    int32_t from_gap;
} tck_gather_fours_task;

#if TCK_DSP

_Static_assert(offsetof(tck_gather_fours_task, from_gap) == 24, "the code below knows the offsets");

/* Stack: 0 rows, 4 saved registers, 40 task. r0, r7, r12 and lr are in the planes, r3 is the pad.
 */
TCK_NAKED void tck_depthwise_gather_fours(uint32_t *to __attribute__((unused)),
                                          const int8_t *from __attribute__((unused)),
                                          int32_t step __attribute__((unused)),
                                          int32_t rows __attribute__((unused)),
                                          tck_gather_fours_task task __attribute__((unused))) {
    __asm__ volatile("push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "push   {r3}\n"
                     "ldrd   r4, r3, [sp, #40]\n"
                     "add    r7, r0, r4\n"
                     "add    r12, r7, r4\n"
                     "add    lr, r12, r4\n"
                     "1:\n"
                     "ldrd   r6, r4, [sp, #48]\n"
                     "cbz    r4, 2f\n"
                     "ldr    r5, [r1]\n"
                     "add    r1, r1, r2\n"
                     "mov    r4, r3\n"
                     "mov    r8, r3\n"
                     "b      4f\n"
                     "2:\n"
                     "cbz    r6, 6f\n"
                     "3:\n"
                     "ldr    r4, [r1]\n"
                     "ldr    r5, [r1, r2]\n"
                     "add    r1, r1, r2, lsl #1\n"
                     "sxtb16 r8, r4\n"
                     "sxtb16 r4, r4, ror #8\n"
                     "4:\n"
                     "sxtb16 r9, r5\n"
                     "sxtb16 r5, r5, ror #8\n"
                     "5:\n"
                     "pkhbt  r10, r8, r9, lsl #16\n"
                     "pkhtb  r9, r9, r8, asr #16\n"
                     "pkhbt  r11, r4, r5, lsl #16\n"
                     "pkhtb  r5, r5, r4, asr #16\n"
                     "subs   r6, #1\n"
                     "str    r10, [r0], #4\n"
                     "str    r11, [r7], #4\n"
                     "str    r9, [r12], #4\n"
                     "str    r5, [lr], #4\n"
                     "bgt    3b\n"
                     "bmi    7f\n"
                     "6:\n"
                     "ldr    r4, [sp, #56]\n"
                     "cbz    r4, 7f\n"
                     "ldr    r4, [r1]\n"
                     "add    r1, r1, r2\n"
                     "mov    r5, r3\n"
                     "mov    r9, r3\n"
                     "sxtb16 r8, r4\n"
                     "sxtb16 r4, r4, ror #8\n"
                     "b      5b\n"
                     "7:\n"
                     "ldrd   r4, r5, [sp, #60]\n"
                     "ldr    r6, [sp]\n"
                     "add    r0, r0, r4\n"
                     "add    r7, r7, r4\n"
                     "add    r12, r12, r4\n"
                     "add    lr, lr, r4\n"
                     "add    r1, r1, r5\n"
                     "subs   r6, #1\n"
                     "str    r6, [sp]\n"
                     "bne    1b\n"
                     "add    sp, #4\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#else

TCK_SHARED void tck_depthwise_gather_fours(uint32_t *to, const int8_t *from, int32_t step,
                                           int32_t rows, tck_gather_fours_task task) {
    const int32_t columns = 2 * (task.pairs + task.tail);
    const int32_t inputs = columns - task.single - task.tail;
    for (int32_t row = 0; row < rows; ++row) {
        const int32_t pitch = 2 * columns + task.to_gap;
        for (int32_t c = 0; c < 4; ++c) {
            int8_t *const plane = (int8_t *)to + c * task.plane_bytes + row * pitch;
            tck_half *const line = (tck_half *)(void *)plane;
            for (int32_t x = 0; x < columns; ++x) {
                const int32_t i = x - task.single;
                const int inside = i >= 0 && i < inputs;
                line[x] = inside ? from[i * step + c] : (int16_t)tck_lo(task.pad);
            }
        }
        from += inputs * step + task.from_gap;
    }
}

#endif

/* Rows of the planes from `row` to `end`; row 0 is row `top` of the input. */
typedef void (*tck_depthwise_3x3_load)(const tck_depthwise_planes_s8_params *p, uint32_t *planes,
                                       const int8_t *input, int32_t top, int32_t row, int32_t end);

TCK_INLINE void tck_depthwise_load_fours(const tck_depthwise_planes_s8_params *p, uint32_t *planes,
                                         const int8_t *input, int32_t top, int32_t row,
                                         int32_t end) {
    const int32_t inside = tck_max(row, -top);
    const int32_t outside = tck_min(end, p->input_height - top);
    const int32_t pitch = p->pitch / 2;
    const int32_t single = p->pad_left & 1;
    const int32_t pairs = (p->used_width + single) >> 1;
    const int32_t tail = (p->used_width + single) & 1;
    const tck_gather_fours_task task = {
        .plane_bytes = 4 * p->plane_words,
        .pad = tck_pair(p->pad_value, p->pad_value),
        .pairs = pairs,
        .single = single,
        .tail = tail,
        .to_gap = 4 * (pitch - pairs - tail),
        .from_gap = (p->input_width - p->used_width) * p->input_channels,
    };
    if (p->band_height < p->output_height) {
        uint32_t *plane = planes;
        for (int32_t i = 0; i < 4; ++i, plane += p->plane_words) {
            tck_depthwise_fill(plane + row * pitch, plane + tck_min(inside, end) * pitch, task.pad);
            tck_depthwise_fill(plane + tck_max(outside, row) * pitch, plane + end * pitch,
                               task.pad);
        }
    }
    if (inside < outside && p->used_width > 0) {
        tck_depthwise_gather_fours(planes + inside * pitch + (p->pad_left >> 1),
                                   input + (top + inside) * p->input_width * p->input_channels,
                                   p->input_channels, outside - inside, task);
    }
}

/* Rows that two bands share, to the begin of each plane. */
TCK_SMALL void tck_depthwise_keep(uint32_t *plane, int32_t planes, int32_t plane_words,
                                  int32_t from, int32_t words) {
    for (; planes > 0; --planes, plane += plane_words - words) {
        for (uint32_t *const end = plane + words; plane != end; ++plane) {
            *plane = plane[from];
        }
    }
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_IN * depth_multiplier], `together` input channels at
 * a time; a round of the loop in `rows_of` has `parts` parts. */
TCK_INLINE void tck_depthwise_3x3(const tck_depthwise_planes_s8_params *p, const int8_t *input,
                                  int8_t *output, int32_t *scratch, int32_t together,
                                  tck_depthwise_3x3_load load, tck_depthwise_3x3_rows rows_of,
                                  int32_t parts) {
    uint32_t *const planes = (uint32_t *)scratch;
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int32_t pitch = 2 * p->pitch;
    const int32_t row_bytes = p->stride_height * pitch;
    /* Stride 1 takes a pair of inputs for two outputs, stride 2 one for each. */
    const int32_t odd = p->stride_width == 1 ? p->output_width & 1 : 0;
    const int32_t words = p->stride_width == 1 ? p->output_width >> 1 : p->output_width;
    const int32_t skip = words == 0 ? parts : (parts - 1) - (words - 1) % parts;
    const int32_t span = 4 + 4 * words;
    const int32_t both = tck_max(p->filter_height - p->stride_height, 0);
    int8_t *const first = output;
    tck_depthwise_fill(planes, planes + together * p->plane_words,
                       tck_pair(p->pad_value, p->pad_value));
    /* Every field, so that compilers do not call memset for the others. */
    tck_depthwise_3x3_task task = {
        .row_step = row_bytes - span - 4 * odd + odd + (skip != 0 ? 2 : 0),
        .row_bytes = row_bytes,
        .end = 0,
        .last_end = 0,
        .span = span,
        .total = 0,
        .plane_bytes = together > 1 ? 4 * p->plane_words : 0,
        .skip = skip,
        .stream = p->weights,
        .step = channels,
    };
    for (int32_t n = 0; n < p->batches; ++n) {
        task.stream = p->weights;
        for (int32_t c = 0; c < p->input_channels; c += together) {
            int8_t *to = output + c * p->depth_multiplier;
            for (int32_t oy = 0; oy < p->output_height; oy += p->band_height) {
                const int32_t rows = tck_min(p->band_height, p->output_height - oy);
                const int32_t kept = oy > 0 ? both : 0;
                tck_depthwise_keep(planes, together, p->plane_words, p->band_height * row_bytes / 4,
                                   kept * pitch / 4);
                load(p, planes, input + c, oy * p->stride_height - p->pad_top, kept,
                     (rows - 1) * p->stride_height + p->filter_height);
                task.total = rows * row_bytes;
                rows_of(planes, pitch, to, together * p->depth_multiplier, task);
                to += p->band_height * p->output_width * channels;
            }
            task.stream += together * p->depth_multiplier * TCK_3X3_CHANNEL_BYTES;
        }
        input += p->input_height * p->input_width * p->input_channels;
        output += p->output_height * p->output_width * channels;
    }
    tck_clamp_s8(first, (int32_t)(output - first), p->clamp_min, p->clamp_max);
}

/* The same for all layers of a model that one function computes. */
TCK_SMALL void tck_depthwise_3x3_one(const tck_depthwise_planes_s8_params *p, const int8_t *input,
                                     int8_t *output, int32_t *scratch,
                                     tck_depthwise_3x3_rows rows_of, int32_t parts) {
    tck_depthwise_3x3(p, input, output, scratch, 1, tck_depthwise_load, rows_of, parts);
}

TCK_SMALL void tck_depthwise_3x3_fours(const tck_depthwise_planes_s8_params *p, const int8_t *input,
                                       int8_t *output, int32_t *scratch,
                                       tck_depthwise_3x3_rows rows_of, int32_t parts) {
    tck_depthwise_3x3(p, input, output, scratch, 4, tck_depthwise_load_fours, rows_of, parts);
}

#endif
