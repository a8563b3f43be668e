/* FULLY_CONNECTED on int8 for cores with the DSP extension: four outputs at a time.
 *
 * The weights of two outputs for one input are one int16_t, as in pixels_s8_dsp.h. A stream has for
 * every four outputs and every four inputs k four words: (k0, k2) of the first two outputs and of
 * the last two, then (k1, k3). The outputs that are left over follow one by one, in quads of
 * weights. Rows end with weights of 0 where inputs are no multiple of four. */
#ifndef TCK_FULLY_CONNECTED_S8_DSP_H
#define TCK_FULLY_CONNECTED_S8_DSP_H

#include "fully_connected_s8_fast.h"

/* Adds products of the inputs from x to end to the sums; returns what follows in the stream. */
typedef const uint32_t *(*tck_dot_dsp)(const uint32_t *stream, const void *x, const void *end,
                                       int32_t *sums);

#if TCK_DSP

/* Four inputs, the pairs of which are in r3 and r12. */
#define TCK_DOT_4_PRODUCTS                                                                         \
    "smlad  r5, r8, r3, r5\n"                                                                      \
    "smlad  r7, r9, r3, r7\n"                                                                      \
    "sxtb16 r8, r8\n"                                                                              \
    "sxtb16 r9, r9\n"                                                                              \
    "smlad  r4, r8, r3, r4\n"                                                                      \
    "smlad  r6, r9, r3, r6\n"                                                                      \
    "smlad  r5, r10, r12, r5\n"                                                                    \
    "smlad  r7, r11, r12, r7\n"                                                                    \
    "sxtb16 r10, r10\n"                                                                            \
    "sxtb16 r11, r11\n"                                                                            \
    "smlad  r4, r10, r12, r4\n"                                                                    \
    "smlad  r6, r11, r12, r6\n"

/* Four rounds of `chunk`, the first time less what makes the rest a multiple of four: `skip` turns
 * r1 - r2 into bytes of code in r12. The sums of r5 and r7 are those of pairs of outputs, with r4
 * and r6 in them, until the end. */
#define TCK_DOT_4(skip, bytes, code) TCK_DOT_4_ROUNDS(skip, TCK_CODE_BYTES(bytes, code))

#define TCK_DOT_4_ROUNDS(skip, chunk)                                                              \
    "push   {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                          \
    "subs   r12, r1, r2\n" skip "adr    lr, 1f\n"                                                  \
    "add    lr, lr, r12\n"                                                                         \
    "orr    lr, lr, #1\n"                                                                          \
    "ldr    r4, [r3]\n"                                                                            \
    "ldr    r6, [r3, #8]\n"                                                                        \
    "mov    r5, r4\n"                                                                              \
    "mov    r7, r6\n"                                                                              \
    "bx     lr\n"                                                                                  \
    ".balign 4\n"                                                                                  \
    "1:\n" chunk chunk chunk chunk "cmp    r1, r2\n"                                               \
    "bne    1b\n"                                                                                  \
    "ldr    r3, [sp]\n"                                                                            \
    "ldr    r8, [r3, #4]\n"                                                                        \
    "ldr    r9, [r3, #12]\n"                                                                       \
    "sub    r5, r5, r4\n"                                                                          \
    "sub    r7, r7, r6\n"                                                                          \
    "add    r5, r8, r5, asr #8\n"                                                                  \
    "add    r7, r9, r7, asr #8\n"                                                                  \
    "stmia  r3!, {r4, r5, r6, r7}\n"                                                               \
    "pop    {r3, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

/* Inputs that are widened already: 7 bytes of code for each of pairs. */
TCK_NAKED const uint32_t *tck_dot_4_dsp(const uint32_t *stream __attribute__((unused)),
                                        const void *x __attribute__((unused)),
                                        const void *end __attribute__((unused)),
                                        int32_t *sums __attribute__((unused))) {
    __asm__ volatile(TCK_DOT_4("and    r12, r12, #24\n"
                               "rsb    r12, r12, r12, lsl #3\n",
                               "56",
                               "ldmia  r0!, {r8, r9, r10, r11}\n"
                               "ldrd   r3, r12, [r1], #8\n" TCK_DOT_4_PRODUCTS));
}

/* Inputs as they are: 16 bytes of code for each. */
TCK_NAKED const uint32_t *tck_dot_4_direct_dsp(const uint32_t *stream __attribute__((unused)),
                                               const void *x __attribute__((unused)),
                                               const void *end __attribute__((unused)),
                                               int32_t *sums __attribute__((unused))) {
    __asm__ volatile(TCK_DOT_4("and    r12, r12, #12\n"
                               "lsl    r12, r12, #4\n",
                               "64",
                               "ldmia  r0!, {r8, r9, r10, r11}\n"
                               "ldr    r12, [r1], #4\n"
                               "sxtb16 r3, r12\n"
                               "sxtb16 r12, r12, ror #8\n" TCK_DOT_4_PRODUCTS));
}

#endif

/* The next four inputs, which x points at, as pairs. */
typedef struct {
    uint32_t even;
    uint32_t odd;
} tck_pairs_dsp;

TCK_INLINE tck_pairs_dsp tck_next_pairs_dsp(const void **x, int32_t direct) {
    if (direct) {
        const uint32_t quad = tck_load_word(*x);
        *x = (const int8_t *)*x + 4;
        return (tck_pairs_dsp){tck_sxtb16(quad), tck_sxtb16_ror8(quad)};
    }
    const uint32_t *const pairs = *x;
    *x = pairs + 2;
    return (tck_pairs_dsp){pairs[0], pairs[1]};
}

TCK_INLINE const uint32_t *tck_dot_1_of_dsp(const uint32_t *stream, const void *x, const void *end,
                                            int32_t *sums, int32_t direct) {
    int32_t total = sums[0];
    for (; x != end; ++stream) {
        const tck_pairs_dsp pairs = tck_next_pairs_dsp(&x, direct);
        total = tck_smlad(tck_sxtb16(*stream), pairs.even, total);
        total = tck_smlad(tck_sxtb16_ror8(*stream), pairs.odd, total);
    }
    sums[0] = total;
    return stream;
}

TCK_SHARED const uint32_t *tck_dot_1_dsp(const uint32_t *stream, const void *x, const void *end,
                                         int32_t *sums) {
    return tck_dot_1_of_dsp(stream, x, end, sums, 0);
}

TCK_SHARED const uint32_t *tck_dot_1_direct_dsp(const uint32_t *stream, const void *x,
                                                const void *end, int32_t *sums) {
    return tck_dot_1_of_dsp(stream, x, end, sums, 1);
}

#if !TCK_DSP

TCK_INLINE const uint32_t *tck_dot_4_of_dsp(const uint32_t *stream, const void *x, const void *end,
                                            int32_t *sums, int32_t direct) {
    int32_t first[2] = {sums[0], sums[2]}, both[2] = {sums[0], sums[2]};
    while (x != end) {
        const tck_pairs_dsp pairs = tck_next_pairs_dsp(&x, direct);
        for (int32_t i = 0; i < 4; ++i, ++stream) {
            const uint32_t inputs = i < 2 ? pairs.even : pairs.odd;
            both[i & 1] = tck_smlad(*stream, inputs, both[i & 1]);
            first[i & 1] = tck_smlad(tck_sxtb16(*stream), inputs, first[i & 1]);
        }
    }
    for (int32_t i = 0; i < 2; ++i) {
        sums[2 * i] = first[i];
        sums[2 * i + 1] = tck_add_wrap(sums[2 * i + 1], tck_sub_wrap(both[i], first[i]) >> 8);
    }
    return stream;
}

static const uint32_t *tck_dot_4_dsp(const uint32_t *stream, const void *x, const void *end,
                                     int32_t *sums) {
    return tck_dot_4_of_dsp(stream, x, end, sums, 0);
}

TCK_SHARED const uint32_t *tck_dot_4_direct_dsp(const uint32_t *stream, const void *x,
                                                const void *end, int32_t *sums) {
    return tck_dot_4_of_dsp(stream, x, end, sums, 1);
}

#endif

/* The outputs of one row of inputs; `block` is bytes of x after which sums of pairs are taken
 * apart, so that they do not grow beyond what can be. */
TCK_INLINE int8_t *tck_fully_connected_s8_dsp_row(const tck_fully_connected_s8_fast_params *p,
                                                  const void *x, const void *end, int32_t block,
                                                  int8_t *output, tck_dot_dsp dot_4,
                                                  tck_dot_dsp dot_1, int32_t fitted) {
    const uint32_t *stream = p->stream;
    tck_fully_connected_s8_tables tables = tck_fully_connected_s8_row(p);
    int32_t count;
    for (int32_t left = p->outputs; left > 0; left -= count) {
        count = left >= 4 ? 4 : 1;
        const tck_dot_dsp dot = left >= 4 ? dot_4 : dot_1;
        int32_t sums[4];
        for (int32_t i = 0; i < count; ++i) {
            sums[i] = *tables.bias++;
        }
        const int8_t *from = x;
        for (; (const int8_t *)end - from > block; from += block) {
            stream = dot(stream, from, from + block, sums);
        }
        stream = dot(stream, from, end, sums);
        output = tck_fully_connected_s8_outputs(p, sums, count, &tables, output, fitted);
    }
    return output;
}

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

/* input [batches, inputs] -> output [batches, outputs]; pairs has room for inputs, rounded up to
 * a multiple of four, of two bytes each. The input is read before the output is written if there
 * is one batch. */
TCK_INLINE void tck_fully_connected_s8_dsp(const tck_fully_connected_s8_fast_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *pairs,
                                           int32_t fitted) {
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        const uint32_t *const end = tck_widen_inputs_dsp(pairs, input, p->inputs);
        output = tck_fully_connected_s8_dsp_row(p, pairs, end, 2 * p->block, output, tck_dot_4_dsp,
                                                tck_dot_1_dsp, fitted);
        input += p->inputs;
    }
    tck_clamp_s8(begin, p->batches * p->outputs, p->clamp_min, p->clamp_max);
}

/* The same without memory for widened inputs: each four outputs widen them anew, which takes two
 * instructions more for sixteen products. Inputs are a multiple of four. */
TCK_INLINE void tck_fully_connected_direct_s8_dsp(const tck_fully_connected_s8_fast_params *p,
                                                  const int8_t *input, int8_t *output,
                                                  int32_t fitted) {
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        const int8_t *const end = input + p->inputs;
        output = tck_fully_connected_s8_dsp_row(p, input, end, p->block, output,
                                                tck_dot_4_direct_dsp, tck_dot_1_direct_dsp, fitted);
        input = end;
    }
    tck_clamp_s8(begin, p->batches * p->outputs, p->clamp_min, p->clamp_max);
}

#endif
