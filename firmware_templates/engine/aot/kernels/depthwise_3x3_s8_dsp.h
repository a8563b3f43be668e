/* The 3x3 filter of one channel over one band of its plane, for cores with the DSP extension.
 *
 * A row of three taps (w0, w1, w2) is two pairs, (w0, w1) and (w1, w2), and two neighbouring
 * outputs share the inputs (x0, x1) and (x2, x3):
 *     stride 1: w0 x0 + w1 x1 + w2 x2 and w0 x1 + w1 x2 + w2 x3
 *     stride 2: w0 x0 + w1 x1 + w2 x2 and w0 x2 + w1 x3 + w2 x4
 * The last inputs of two outputs are the first of the next two. Weights are multiplied by 256, and
 * so are the sums that the fitted line takes. */
#ifndef TCK_DEPTHWISE_3X3_S8_DSP_H
#define TCK_DEPTHWISE_3X3_S8_DSP_H

#include <stddef.h>

#include "depthwise_planes_s8.h"

/* Bits below the output's unit in the fitted line. */
#define TCK_DEPTHWISE_FRACTION_BITS 8

/* Passed by value: the functions below work on their own copy on the stack. */
typedef struct {
    uint32_t taps[6]; /* (w0, w1) of rows 0 and 1, (w1, w2) of rows 0 and 1, then both of row 2 */
    int32_t multiplier;
    int32_t addend;
    int32_t step;      /* between neighbouring outputs */
    const void *end;   /* of the pairs of the first row: a word past the first inputs of the next */
    int32_t row_step;  /* bytes from there, or from the odd output's end, to the next row */
    int32_t rows;      /* output rows */
    int32_t row_bytes; /* of the plane between two output rows */
    int32_t bias;
} tck_depthwise_3x3_task;

/* plane, bytes between its rows, output, whether a single output follows a row's pairs, the rest */
typedef void (*tck_depthwise_3x3)(const int16_t *plane, int32_t pitch, int8_t *output, int32_t odd,
                                  tck_depthwise_3x3_task task);

#if TCK_DSP

_Static_assert(offsetof(tck_depthwise_3x3_task, bias) == 52, "the code below knows the offsets");

/* Stack: 36 odd, 40 task. r0 plane, r1 its pitch, r2 output, r3 and lr sums, r4-r6 inputs of the
 * three rows, r7 r8 r11 their (w0, w1), r9 r10 r12 their (w1, w2). */
#define TCK_3X3_LOAD                                                                               \
    "ldr    r5, [r0, r1]\n"                                                                        \
    "ldr    r6, [r0, r1, lsl #1]\n"                                                                \
    "ldr    r4, [r0], #4\n"

#define TCK_3X3_BEGIN                                                                              \
    "push   {r3}\n"                                                                                \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "ldrd   r7, r8, [sp, #40]\n"                                                                   \
    "ldrd   r9, r10, [sp, #48]\n"                                                                  \
    "1:\n" TCK_3X3_LOAD "ldr    r12, [sp, #76]\n"                                                  \
    "cmp    r0, r12\n"                                                                             \
    "beq    3f\n"                                                                                  \
    "2:\n"                                                                                         \
    "ldr    lr, [sp, #92]\n"                                                                       \
    "ldrd   r11, r12, [sp, #56]\n"

/* Requantises and stores a pair; then the single output, and the next row. */
#define TCK_3X3_END                                                                                \
    "ldrd   r11, r12, [sp, #64]\n"                                                                 \
    "smmla  r3, r3, r11, r12\n"                                                                    \
    "smmla  lr, lr, r11, r12\n"                                                                    \
    "ldrd   r11, r12, [sp, #72]\n"                                                                 \
    "ssat   r3, #8, r3, asr #8\n"                                                                  \
    "ssat   lr, #8, lr, asr #8\n"                                                                  \
    "strb   r3, [r2]\n"                                                                            \
    "strb   lr, [r2, r11]\n"                                                                       \
    "add    r2, r2, r11, lsl #1\n"                                                                 \
    "cmp    r0, r12\n"                                                                             \
    "bne    2b\n"                                                                                  \
    "3:\n"                                                                                         \
    "ldr    r3, [sp, #36]\n"                                                                       \
    "cmp    r3, #0\n"                                                                              \
    "beq    4f\n"                                                                                  \
    "ldr    lr, [sp, #92]\n"                                                                       \
    "ldrd   r11, r12, [sp, #56]\n"                                                                 \
    "smlad  lr, r4, r7, lr\n"                                                                      \
    "smlad  lr, r5, r8, lr\n"                                                                      \
    "smlad  lr, r6, r11, lr\n" TCK_3X3_LOAD "smlabt lr, r4, r9, lr\n"                              \
    "smlabt lr, r5, r10, lr\n"                                                                     \
    "smlabt lr, r6, r12, lr\n"                                                                     \
    "ldrd   r11, r12, [sp, #64]\n"                                                                 \
    "smmla  lr, lr, r11, r12\n"                                                                    \
    "ldr    r11, [sp, #72]\n"                                                                      \
    "ssat   lr, #8, lr, asr #8\n"                                                                  \
    "strb   lr, [r2]\n"                                                                            \
    "add    r2, r2, r11\n"                                                                         \
    "4:\n"                                                                                         \
    "ldrd   r11, r12, [sp, #80]\n"                                                                 \
    "ldr    r3, [sp, #88]\n"                                                                       \
    "add    r0, r0, r11\n"                                                                         \
    "ldr    r11, [sp, #76]\n"                                                                      \
    "subs   r12, r12, #1\n"                                                                        \
    "str    r12, [sp, #84]\n"                                                                      \
    "add    r11, r11, r3\n"                                                                        \
    "str    r11, [sp, #76]\n"                                                                      \
    "bne    1b\n"                                                                                  \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "add    sp, #4\n"                                                                              \
    "bx     lr\n"

TCK_NAKED void tck_depthwise_3x3_1(const int16_t *plane __attribute__((unused)),
                                   int32_t pitch __attribute__((unused)),
                                   int8_t *output __attribute__((unused)),
                                   int32_t odd __attribute__((unused)),
                                   tck_depthwise_3x3_task task __attribute__((unused))) {
    __asm__ volatile(TCK_3X3_BEGIN "smlad  r3, r4, r7, lr\n"
                                   "smlatb lr, r4, r7, lr\n"
                                   "smlad  r3, r5, r8, r3\n"
                                   "smlatb lr, r5, r8, lr\n"
                                   "smlad  r3, r6, r11, r3\n"
                                   "smlatb lr, r6, r11, lr\n" TCK_3X3_LOAD "smlabt r3, r4, r9, r3\n"
                                   "smlad  lr, r4, r9, lr\n"
                                   "smlabt r3, r5, r10, r3\n"
                                   "smlad  lr, r5, r10, lr\n"
                                   "smlabt r3, r6, r12, r3\n"
                                   "smlad  lr, r6, r12, lr\n" TCK_3X3_END);
}

TCK_NAKED void tck_depthwise_3x3_2(const int16_t *plane __attribute__((unused)),
                                   int32_t pitch __attribute__((unused)),
                                   int8_t *output __attribute__((unused)),
                                   int32_t odd __attribute__((unused)),
                                   tck_depthwise_3x3_task task __attribute__((unused))) {
    __asm__ volatile(TCK_3X3_BEGIN "smlad  r3, r4, r7, lr\n"
                                   "smlad  r3, r5, r8, r3\n"
                                   "smlad  r3, r6, r11, r3\n" TCK_3X3_LOAD "smlabt r3, r4, r9, r3\n"
                                   "smlabt r3, r5, r10, r3\n"
                                   "smlabt r3, r6, r12, r3\n"
                                   "smlad  lr, r4, r7, lr\n"
                                   "smlad  lr, r5, r8, lr\n"
                                   "smlad  lr, r6, r11, lr\n" TCK_3X3_LOAD "smlabt lr, r4, r9, lr\n"
                                   "smlabt lr, r5, r10, lr\n"
                                   "smlabt lr, r6, r12, lr\n" TCK_3X3_END);
}

#else

TCK_INLINE int8_t tck_depthwise_3x3_output(const int16_t *plane, int32_t pitch,
                                           const tck_depthwise_3x3_task *task) {
    int32_t sum = task->bias;
    for (int32_t row = 0; row < 3; ++row) {
        const int16_t *x = plane + row * pitch;
        const uint32_t w01 = task->taps[row < 2 ? row : 4];
        const uint32_t w12 = task->taps[row < 2 ? row + 2 : 5];
        sum = tck_smlad(tck_load_word(x), w01, sum);
        sum = tck_smlabt(tck_load_word(x + 2), w12, sum);
    }
    const int32_t line = tck_smmla(sum, task->multiplier, task->addend);
    return (int8_t)tck_ssat8(line >> TCK_DEPTHWISE_FRACTION_BITS);
}

TCK_INLINE void tck_depthwise_3x3_rows(const int16_t *plane, int32_t pitch, int8_t *output,
                                       int32_t odd, tck_depthwise_3x3_task task, int32_t stride) {
    const char *end = task.end;
    for (int32_t row = 0; row < task.rows; ++row, end += task.row_bytes) {
        while (plane + 2 != (const int16_t *)(const void *)end) {
            for (int32_t i = 0; i < 2; ++i, plane += stride, output += task.step) {
                *output = tck_depthwise_3x3_output(plane, pitch / 2, &task);
            }
        }
        plane += 2;
        if (odd) {
            *output = tck_depthwise_3x3_output(plane - 2, pitch / 2, &task);
            output += task.step;
            plane += 2;
        }
        plane += task.row_step / 2;
    }
}

TCK_SHARED void tck_depthwise_3x3_1(const int16_t *plane, int32_t pitch, int8_t *output,
                                    int32_t odd, tck_depthwise_3x3_task task) {
    tck_depthwise_3x3_rows(plane, pitch, output, odd, task, 1);
}

TCK_SHARED void tck_depthwise_3x3_2(const int16_t *plane, int32_t pitch, int8_t *output,
                                    int32_t odd, tck_depthwise_3x3_task task) {
    tck_depthwise_3x3_rows(plane, pitch, output, odd, task, 2);
}

#endif

/* Bytes 1 and 3 of a quad as a pair, and bytes 0 and 2, times 256. */
TCK_INLINE uint32_t tck_depthwise_odd_bytes(uint32_t quad) {
    return quad & 0xFF00FF00U;
}
TCK_INLINE uint32_t tck_depthwise_even_bytes(uint32_t quad) {
    return quad << 8 & 0xFF00FF00U;
}

/* One channel and band; `rows_of` is for the layer's horizontal stride. */
TCK_INLINE void tck_depthwise_3x3_band(const tck_depthwise_planes_s8_params *p,
                                       const int16_t *plane, int32_t channel, int32_t rows,
                                       int8_t *output, tck_depthwise_3x3 rows_of) {
    const int8_t *weights = p->weights + 9 * channel;
    const uint32_t top = tck_load_word(weights), middle = tck_load_word(weights + 3);
    /* No byte behind the last weight may be read. */
    const uint32_t bottom = tck_load_word(weights + 5);
    const uint32_t top_even = tck_depthwise_even_bytes(top);
    const uint32_t top_odd = tck_depthwise_odd_bytes(top);
    const uint32_t middle_even = tck_depthwise_even_bytes(middle);
    const uint32_t middle_odd = tck_depthwise_odd_bytes(middle);
    const uint32_t bottom_even = tck_depthwise_even_bytes(bottom);
    const uint32_t bottom_odd = tck_depthwise_odd_bytes(bottom);
    const int32_t pairs_bytes = 2 * p->stride_width * (p->output_width & ~1);
    const int32_t odd = p->output_width & 1;
    const int32_t pitch = 2 * p->pitch;
    const tck_depthwise_3x3_task task = {
        .taps = {tck_pkhbt(top_even, top_odd), tck_pkhbt(middle_even, middle_odd),
                 (top_even & 0xFFFF0000U) | (top_odd & 0xFFFFU),
                 (middle_even & 0xFFFF0000U) | (middle_odd & 0xFFFFU),
                 (bottom_even & 0xFFFF0000U) | (bottom_odd & 0xFFFFU),
                 tck_pkhtb(bottom_odd, bottom_even)},
        .multiplier = p->multipliers[channel],
        .addend = p->addends[channel],
        .step = p->input_channels * p->depth_multiplier,
        .end = (const char *)plane + pairs_bytes + 4,
        .row_step = p->stride_height * pitch - pairs_bytes - 4 - 4 * odd,
        .rows = rows,
        .row_bytes = p->stride_height * pitch,
        .bias = p->bias[channel],
    };
    rows_of(plane, pitch, output, odd, task);
}

#endif
