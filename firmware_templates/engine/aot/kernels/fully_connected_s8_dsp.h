/* FULLY_CONNECTED on int8 for cores with the DSP extension: four outputs at a time.
 *
 * A stream has for every four outputs their biases, then for every four inputs a quad of weights
 * of each. The outputs that are left over follow one by one: bias, then quads. Rows end with
 * weights of 0 where inputs are no multiple of four. */
#ifndef TCK_FULLY_CONNECTED_S8_DSP_H
#define TCK_FULLY_CONNECTED_S8_DSP_H

#include "fully_connected_s8_fast.h"

/* The inputs as pairs (k0, k2), (k1, k3), zeros behind them; returns their end. */
TCK_SHARED uint32_t *tck_widen_inputs_dsp(uint32_t *pairs, const int8_t *input, int32_t count) {
    for (; count >= 4; count -= 4, input += 4, pairs += 2) {
        const uint32_t quad = tck_load_word(input);
        pairs[0] = tck_sxtb16(quad);
        pairs[1] = tck_sxtb16_ror8(quad);
    }
    if (count > 0) {
        pairs[0] = tck_pair(input[0], count > 2 ? input[2] : 0);
        pairs[1] = tck_pair(count > 1 ? input[1] : 0, 0);
        pairs += 2;
    }
    return pairs;
}

/* The sums of the next four outputs; returns what follows in the stream. */
#if TCK_DSP

#define TCK_DOT_4_CHUNK                                                                            \
    "ldmia  r0!, {r8, r9, r10, r11}\n"                                                             \
    "ldrd   r3, r12, [r1], #8\n"                                                                   \
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

/* A chunk is 72 bytes of code; the first round of the loop skips what makes the rest a multiple
 * of four. */
TCK_NAKED const uint32_t *tck_dot_4_dsp(const uint32_t *stream __attribute__((unused)),
                                        const uint32_t *pairs __attribute__((unused)),
                                        const uint32_t *pairs_end __attribute__((unused)),
                                        int32_t *sums __attribute__((unused))) {
    __asm__ volatile("push   {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "subs   r3, r1, r2\n"
                     "and    r3, r3, #24\n"
                     "add    r3, r3, r3, lsl #3\n"
                     "adr    r12, 1f\n"
                     "add    r12, r12, r3\n"
                     "orr    r12, r12, #1\n"
                     "ldmia  r0!, {r4, r5, r6, r7}\n"
                     "bx     r12\n"
                     ".balign 4\n"
                     "1:\n" TCK_DOT_4_CHUNK TCK_DOT_4_CHUNK TCK_DOT_4_CHUNK TCK_DOT_4_CHUNK
                     "cmp    r1, r2\n"
                     "bne    1b\n"
                     "pop    {r3}\n"
                     "stmia  r3!, {r4, r5, r6, r7}\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

#else

static const uint32_t *tck_dot_4_dsp(const uint32_t *stream, const uint32_t *pairs,
                                     const uint32_t *pairs_end, int32_t *sums) {
    for (int32_t i = 0; i < 4; ++i) {
        sums[i] = (int32_t)*stream++;
    }
    for (; pairs != pairs_end; pairs += 2) {
        for (int32_t i = 0; i < 4; ++i, ++stream) {
            sums[i] = tck_smlad(tck_sxtb16(*stream), pairs[0], sums[i]);
            sums[i] = tck_smlad(tck_sxtb16_ror8(*stream), pairs[1], sums[i]);
        }
    }
    return stream;
}

#endif

/* The sum of the next output; returns what follows in the stream. */
TCK_SHARED const uint32_t *tck_dot_1_dsp(const uint32_t *stream, const uint32_t *pairs,
                                         const uint32_t *pairs_end, int32_t *sum) {
    int32_t total = (int32_t)*stream++;
    for (; pairs != pairs_end; pairs += 2, ++stream) {
        total = tck_smlad(tck_sxtb16(*stream), pairs[0], total);
        total = tck_smlad(tck_sxtb16_ror8(*stream), pairs[1], total);
    }
    *sum = total;
    return stream;
}

/* input [batches, inputs] -> output [batches, outputs]; pairs has room for inputs, rounded up to
 * a multiple of four, of two bytes each. The input is read before the output is written if there
 * is one batch. */
TCK_INLINE void tck_fully_connected_s8_dsp(const tck_fully_connected_s8_fast_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *pairs,
                                           int32_t fitted) {
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        const uint32_t *stream = p->stream;
        tck_fully_connected_s8_tables tables = {p->multipliers, p->addends};
        const uint32_t *const pairs_end = tck_widen_inputs_dsp(pairs, input, p->inputs);
        int32_t sums[4];
        int32_t left = p->outputs;
        for (; left >= 4; left -= 4) {
            stream = tck_dot_4_dsp(stream, pairs, pairs_end, sums);
            output = tck_fully_connected_s8_outputs(p, sums, 4, &tables, output, fitted);
        }
        for (; left > 0; --left) {
            stream = tck_dot_1_dsp(stream, pairs, pairs_end, sums);
            output = tck_fully_connected_s8_outputs(p, sums, 1, &tables, output, fitted);
        }
        input += p->inputs;
    }
    tck_clamp_s8(begin, p->batches * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
