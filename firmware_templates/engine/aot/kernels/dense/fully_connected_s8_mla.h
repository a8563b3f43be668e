/* FULLY_CONNECTED on int8 for Thumb-2 cores without the DSP extension: eight outputs at a time.
 *
 * A stream has for every eight outputs and every input the weights of the eight in two words. The
 * outputs that are left over follow one by one: weights, filled up to whole words. */
#ifndef TCK_FULLY_CONNECTED_S8_MLA_H
#define TCK_FULLY_CONNECTED_S8_MLA_H

#include "fully_connected_s8_fast.h"

typedef struct {
    const int32_t *biases;
    int32_t of[8];
} tck_sums_of_8;

/* The sums of the next eight outputs; returns what follows in the stream. */
#if TCK_THUMB2

/* One input more; tck_dot_8_mla multiplies by 17 * 4 bytes. */
#define TCK_DOT_8_STEP TCK_CODE_BYTES("68", TCK_DOT_8_STEP_CODE)

#define TCK_DOT_8_STEP_CODE                                                                        \
    "ldrsb  r2, [r1], #1\n"                                                                        \
    "ldrsb  r3, [r0], #1\n"                                                                        \
    "ldrsb  r12, [r0], #1\n"                                                                       \
    "mla    r4, r3, r2, r4\n"                                                                      \
    "mla    r5, r12, r2, r5\n"                                                                     \
    "ldrsb  r3, [r0], #1\n"                                                                        \
    "ldrsb  r12, [r0], #1\n"                                                                       \
    "mla    r6, r3, r2, r6\n"                                                                      \
    "mla    r7, r12, r2, r7\n"                                                                     \
    "ldrsb  r3, [r0], #1\n"                                                                        \
    "ldrsb  r12, [r0], #1\n"                                                                       \
    "mla    r8, r3, r2, r8\n"                                                                      \
    "mla    r9, r12, r2, r9\n"                                                                     \
    "ldrsb  r3, [r0], #1\n"                                                                        \
    "ldrsb  r12, [r0], #1\n"                                                                       \
    "mla    r10, r3, r2, r10\n"                                                                    \
    "mla    r11, r12, r2, r11\n"

/* The first round of the loop skips what makes the rest a multiple of four. */
TCK_NAKED const uint32_t *tck_dot_8_mla(const uint32_t *stream __attribute__((unused)),
                                        const int8_t *input __attribute__((unused)),
                                        const int8_t *input_end __attribute__((unused)),
                                        tck_sums_of_8 *sums __attribute__((unused))) {
    __asm__ volatile("push   {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "mov    lr, r2\n"
                     "ldr    r4, [r3]\n"
                     "subs   r3, r1, r2\n"
                     "and    r3, r3, #3\n"
                     "add    r3, r3, r3, lsl #4\n"
                     "adr    r12, 1f\n"
                     "add    r12, r12, r3, lsl #2\n"
                     "orr    r12, r12, #1\n"
                     "ldmia  r4, {r4, r5, r6, r7, r8, r9, r10, r11}\n"
                     "bx     r12\n"
                     ".balign 4\n"
                     "1:\n" TCK_DOT_8_STEP TCK_DOT_8_STEP TCK_DOT_8_STEP TCK_DOT_8_STEP
                     "cmp    r1, lr\n"
                     "bne    1b\n"
                     "pop    {r3}\n"
                     "adds   r3, #4\n"
                     "stmia  r3!, {r4, r5, r6, r7, r8, r9, r10, r11}\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#else

static const uint32_t *tck_dot_8_mla(const uint32_t *stream, const int8_t *input,
                                     const int8_t *input_end, tck_sums_of_8 *sums) {
    for (int32_t i = 0; i < 8; ++i) {
        sums->of[i] = sums->biases[i];
    }
    for (; input != input_end; ++input, stream += 2) {
        for (int32_t i = 0; i < 8; ++i) {
            const int32_t weight = (int8_t)(stream[i / 4] >> (i % 4 * 8) & 0xFFU);
            sums->of[i] = tck_add_wrap(sums->of[i], weight * *input);
        }
    }
    return stream;
}

#endif

/* Adds the products of the next output to its bias; returns what follows in the stream. */
TCK_SHARED const uint32_t *tck_dot_1_mla(const uint32_t *stream, const int8_t *input,
                                         int32_t inputs, int32_t *sum) {
    const int8_t *const weights = (const int8_t *)stream;
    int32_t total = *sum;
    for (int32_t i = 0; i < inputs; ++i) {
        total = tck_add_wrap(total, weights[i] * input[i]);
    }
    *sum = total;
    return stream + (inputs + 3) / 4;
}

/* input [batches, inputs] -> output [batches, outputs] */
TCK_INLINE void tck_fully_connected_s8_mla(const tck_fully_connected_s8_fast_params *p,
                                           const int8_t *input, int8_t *output, int32_t fitted) {
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        const uint32_t *stream = p->stream;
        tck_fully_connected_s8_tables tables = tck_fully_connected_s8_row(p);
        tck_sums_of_8 sums;
        int32_t left = p->outputs;
        for (; left >= 8; left -= 8) {
            sums.biases = tables.bias;
            stream = tck_dot_8_mla(stream, input, input + p->inputs, &sums);
            output = tck_fully_connected_s8_outputs(p, sums.of, 8, &tables, output, fitted);
            tables.bias += 8;
        }
        for (; left > 0; --left) {
            int32_t sum = *tables.bias++;
            stream = tck_dot_1_mla(stream, input, p->inputs, &sum);
            output = tck_fully_connected_s8_outputs(p, &sum, 1, &tables, output, fitted);
        }
        input += p->inputs;
    }
    tck_clamp_s8(begin, p->batches * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
