/* FULLY_CONNECTED on int8 for cores with the DSP extension, without memory for widened inputs: each
 * four outputs widen them anew, which takes two instructions more for sixteen products. Reads the
 * stream of fully_connected_s8_dsp.h; inputs are a multiple of four. */
#ifndef TCK_FULLY_CONNECTED_DIRECT_S8_DSP_H
#define TCK_FULLY_CONNECTED_DIRECT_S8_DSP_H

#include "fully_connected_s8_fast.h"

/* The sums of the next four outputs; returns what follows in the stream. */
#if TCK_DSP

#define TCK_DOT_4_DIRECT_CHUNK                                                                     \
    "ldmia  r0!, {r8, r9, r10, r11}\n"                                                             \
    "ldr    r12, [r1], #4\n"                                                                       \
    "sxtb16 r3, r12\n"                                                                             \
    "sxtb16 r12, r12, ror #8\n"                                                                    \
    "sxtb16 lr, r8\n"                                                                              \
    "smlad  r4, lr, r3, r4\n"                                                                      \
    "sxtb16 lr, r9\n"                                                                              \
    "smlad  r5, lr, r3, r5\n"                                                                      \
    "sxtb16 lr, r10\n"                                                                             \
    "smlad  r6, lr, r3, r6\n"                                                                      \
    "sxtb16 lr, r11\n"                                                                             \
    "smlad  r7, lr, r3, r7\n"                                                                      \
    "sxtb16 r8, r8, ror #8\n"                                                                      \
    "smlad  r4, r8, r12, r4\n"                                                                     \
    "sxtb16 r9, r9, ror #8\n"                                                                      \
    "smlad  r5, r9, r12, r5\n"                                                                     \
    "sxtb16 r10, r10, ror #8\n"                                                                    \
    "smlad  r6, r10, r12, r6\n"                                                                    \
    "sxtb16 r11, r11, ror #8\n"                                                                    \
    "smlad  r7, r11, r12, r7\n"

/* A chunk is 80 bytes of code for four of input; the first round of the loop skips what makes the
 * rest a multiple of four chunks. */
TCK_NAKED const uint32_t *tck_dot_4_direct_dsp(const uint32_t *stream __attribute__((unused)),
                                               const int8_t *input __attribute__((unused)),
                                               const int8_t *input_end __attribute__((unused)),
                                               int32_t *sums __attribute__((unused))) {
    __asm__ volatile("push   {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "subs   r3, r1, r2\n"
                     "and    r3, r3, #12\n"
                     "add    r3, r3, r3, lsl #2\n"
                     "adr    r12, 1f\n"
                     "add    r12, r12, r3, lsl #2\n"
                     "orr    r12, r12, #1\n"
                     "ldmia  r0!, {r4, r5, r6, r7}\n"
                     "bx     r12\n"
                     ".balign 4\n"
                     "1:\n" TCK_DOT_4_DIRECT_CHUNK TCK_DOT_4_DIRECT_CHUNK TCK_DOT_4_DIRECT_CHUNK
                         TCK_DOT_4_DIRECT_CHUNK "cmp    r1, r2\n"
                     "bne    1b\n"
                     "pop    {r3}\n"
                     "stmia  r3!, {r4, r5, r6, r7}\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#else

static const uint32_t *tck_dot_4_direct_dsp(const uint32_t *stream, const int8_t *input,
                                            const int8_t *input_end, int32_t *sums) {
    for (int32_t i = 0; i < 4; ++i) {
        sums[i] = (int32_t)*stream++;
    }
    for (; input != input_end; input += 4) {
        const uint32_t quad = tck_load_word(input);
        for (int32_t i = 0; i < 4; ++i, ++stream) {
            sums[i] = tck_smlad(tck_sxtb16(*stream), tck_sxtb16(quad), sums[i]);
            sums[i] = tck_smlad(tck_sxtb16_ror8(*stream), tck_sxtb16_ror8(quad), sums[i]);
        }
    }
    return stream;
}

#endif

/* The sum of the next output; returns what follows in the stream. */
TCK_SHARED const uint32_t *tck_dot_1_direct_dsp(const uint32_t *stream, const int8_t *input,
                                                const int8_t *input_end, int32_t *sum) {
    int32_t total = (int32_t)*stream++;
    for (; input != input_end; input += 4, ++stream) {
        const uint32_t quad = tck_load_word(input);
        total = tck_smlad(tck_sxtb16(*stream), tck_sxtb16(quad), total);
        total = tck_smlad(tck_sxtb16_ror8(*stream), tck_sxtb16_ror8(quad), total);
    }
    *sum = total;
    return stream;
}

/* input [batches, inputs] -> output [batches, outputs] */
TCK_INLINE void tck_fully_connected_direct_s8_dsp(const tck_fully_connected_s8_fast_params *p,
                                                  const int8_t *input, int8_t *output,
                                                  int32_t fitted) {
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        const uint32_t *stream = p->stream;
        const int8_t *const end = input + p->inputs;
        tck_fully_connected_s8_tables tables = {p->multipliers, p->addends};
        int32_t sums[4];
        int32_t left = p->outputs;
        for (; left >= 4; left -= 4) {
            stream = tck_dot_4_direct_dsp(stream, input, end, sums);
            output = tck_fully_connected_s8_outputs(p, sums, 4, &tables, output, fitted);
        }
        for (; left > 0; --left) {
            stream = tck_dot_1_direct_dsp(stream, input, end, sums);
            output = tck_fully_connected_s8_outputs(p, sums, 1, &tables, output, fitted);
        }
        input = end;
    }
    tck_clamp_s8(begin, p->batches * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
