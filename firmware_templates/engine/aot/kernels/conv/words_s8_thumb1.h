/* Matrix products on int8 for Thumb-1 cores: two products by each MULS, one pixel by eight
 * channels.
 *
 * A word W of the stream has the weights of four channels for one input, 128 higher, as bytes. With
 * every other byte of it the product x * (W >> 8 & 0x00FF00FF) has in its halves those of channels
 * 1 and 3; x * W is that times 256, and those of channels 0 and 2. Sums of such products are
 * split while the lower half, a signed number, cannot overflow: the host says for how many inputs,
 * so long are the blocks. What the 128 of the weights add is the sum of a block's inputs, 128 times
 * in both halves.
 *
 * A sum of blocks is split once: the upper halves add up to the upper channel's sum, and the whole
 * words, modulo 2^32, to both. So each four channels have four accumulators: words of channels 0
 * and 2, words of 1 and 3, upper halves of both. The stream has for eight channels: the
 * accumulators to begin with; a byte that says how many words the next bytes take, itself included,
 * and bytes with half the inputs of each block; the weights. */
#ifndef TCK_WORDS_S8_THUMB1_H
#define TCK_WORDS_S8_THUMB1_H

#include "../../tck_simd.h"

/* The sums of eight channels over a row of inputs that are stored 128 higher, an even number;
 * returns the stream behind their weights. */
#if TCK_THUMB1

/* x: r2, the word: r3 or r4. */
#define TCK_WORDS_THUMB1_4(word, even, odd)                                                        \
    "lsrs   r7, " word ", #8\n"                                                                    \
    "ands   r7, r7, r5\n"                                                                          \
    "muls   " word ", r2, " word "\n"                                                              \
    "add    " even ", " word "\n"                                                                  \
    "muls   r7, r2, r7\n"                                                                          \
    "add    " odd ", r7\n"

#define TCK_WORDS_THUMB1_8(i)                                                                      \
    "ldrb   r2, [r0, #" i "]\n"                                                                    \
    "subs   r2, #128\n"                                                                            \
    "adds   r6, r6, r2\n"                                                                          \
    "ldmia  r1!, {r3, r4}\n" TCK_WORDS_THUMB1_4("r3", "r8", "r9")                                  \
        TCK_WORDS_THUMB1_4("r4", "r10", "r11")

/* Adds a block to the accumulators at r6; r12 is what its inputs add to both halves, subtracted
 * from the half that rounds. */
#define TCK_WORDS_THUMB1_SPLIT(even, odd)                                                          \
    "ldmia  r6!, {r2, r3, r4, r5}\n"                                                               \
    "subs   r6, #16\n"                                                                             \
    "mov    r7, " odd "\n"                                                                         \
    "lsls   r7, r7, #8\n"                                                                          \
    "rsbs   r7, r7, #0\n"                                                                          \
    "add    r7, " even "\n"                                                                        \
    "add    r7, r12\n"                                                                             \
    "adds   r2, r2, r7\n"                                                                          \
    "asrs   r7, r7, #16\n"                                                                         \
    "adds   r4, r4, r7\n"                                                                          \
    "mov    r7, " odd "\n"                                                                         \
    "add    r7, r12\n"                                                                             \
    "adds   r3, r3, r7\n"                                                                          \
    "asrs   r7, r7, #16\n"                                                                         \
    "adds   r5, r5, r7\n"                                                                          \
    "stmia  r6!, {r2, r3, r4, r5}\n"

/* Makes sums of four accumulators at r6. */
#define TCK_WORDS_THUMB1_SUMS                                                                      \
    "ldmia  r6!, {r2, r3, r4, r5}\n"                                                               \
    "subs   r6, #16\n"                                                                             \
    "lsls   r7, r4, #16\n"                                                                         \
    "subs   r2, r2, r7\n"                                                                          \
    "lsls   r7, r5, #16\n"                                                                         \
    "subs   r3, r3, r7\n"                                                                          \
    "stmia  r6!, {r2, r3, r4, r5}\n"

TCK_NAKED const uint32_t *tck_dot_words_thumb1(const uint8_t *row __attribute__((unused)),
                                               const uint8_t *end __attribute__((unused)),
                                               const uint32_t *stream __attribute__((unused)),
                                               int32_t *sums __attribute__((unused))) {
    __asm__ volatile(".syntax unified\n"
                     "push   {r1, r3, r4, r5, r6, r7, lr}\n"
                     "mov    r4, r8\n"
                     "mov    r5, r9\n"
                     "mov    r6, r10\n"
                     "mov    r7, r11\n"
                     "push   {r4, r5, r6, r7}\n"
                     "ldmia  r2!, {r4, r5, r6, r7}\n"
                     "stmia  r3!, {r4, r5, r6, r7}\n"
                     "ldmia  r2!, {r4, r5, r6, r7}\n"
                     "stmia  r3!, {r4, r5, r6, r7}\n"
                     "adds   r3, r2, #1\n"
                     "mov    lr, r3\n"
                     "ldrb   r1, [r2, #0]\n"
                     "lsls   r1, r1, #2\n"
                     "adds   r1, r1, r2\n"
                     "1:\n" /* A block: its end to r12, no sums yet. */
                     "mov    r7, lr\n"
                     "ldrb   r2, [r7, #0]\n"
                     "adds   r7, r7, #1\n"
                     "mov    lr, r7\n"
                     "lsls   r2, r2, #1\n"
                     "adds   r2, r2, r0\n"
                     "mov    r12, r2\n"
                     "movs   r6, #0\n"
                     "mov    r8, r6\n"
                     "mov    r9, r6\n"
                     "mov    r10, r6\n"
                     "mov    r11, r6\n"
                     "movs   r5, #255\n"
                     "lsls   r7, r5, #16\n"
                     "orrs   r5, r5, r7\n"
                     "2:\n" TCK_WORDS_THUMB1_8("0") TCK_WORDS_THUMB1_8("1") /**/
                     "adds   r0, #2\n"
                     "cmp    r0, r12\n"
                     "bne    2b\n"
                     "movs   r5, #1\n"
                     "lsls   r5, r5, #15\n"
                     "lsls   r7, r6, #7\n"
                     "subs   r5, r5, r7\n"
                     "lsls   r7, r6, #23\n"
                     "subs   r5, r5, r7\n"
                     "mov    r12, r5\n"
                     "ldr    r6, [sp, #20]\n" TCK_WORDS_THUMB1_SPLIT("r8", "r9")
                         TCK_WORDS_THUMB1_SPLIT("r10", "r11") /**/
                     "ldr    r7, [sp, #16]\n"
                     "cmp    r0, r7\n"
                     "bne    1b\n"
                     "ldr    r6, [sp, #20]\n" TCK_WORDS_THUMB1_SUMS TCK_WORDS_THUMB1_SUMS /**/
                     "movs   r0, r1\n"
                     "pop    {r4, r5, r6, r7}\n"
                     "mov    r8, r4\n"
                     "mov    r9, r5\n"
                     "mov    r10, r6\n"
                     "mov    r11, r7\n"
                     "pop    {r1, r3, r4, r5, r6, r7, pc}\n");
}

#else

/* Of four channels: sums of products with whole words, and with their odd bytes. */
typedef struct {
    uint32_t whole;
    uint32_t odd;
} tck_words_thumb1;

TCK_INLINE tck_words_thumb1 tck_words_add_thumb1(tck_words_thumb1 sum, uint32_t word, uint32_t x) {
    sum.whole += x * word;
    sum.odd += x * (word >> 8 & 0x00FF00FFU);
    return sum;
}

TCK_INLINE void tck_words_split_thumb1(tck_words_thumb1 sum, uint32_t more, int32_t *sums) {
    const uint32_t even = sum.whole - (sum.odd << 8) + more, odd = sum.odd + more;
    sums[0] = (int32_t)((uint32_t)sums[0] + even);
    sums[1] = (int32_t)((uint32_t)sums[1] + odd);
    sums[2] = tck_add_wrap(sums[2], (int32_t)even >> 16);
    sums[3] = tck_add_wrap(sums[3], (int32_t)odd >> 16);
}

TCK_SHARED const uint32_t *tck_dot_words_thumb1(const uint8_t *row, const uint8_t *end,
                                                const uint32_t *stream, int32_t *sums) {
    const uint8_t *blocks = (const uint8_t *)(stream + 8) + 1;
    for (int32_t c = 0; c < 8; ++c) {
        sums[c] = (int32_t)stream[c];
    }
    stream += 8 + blocks[-1];
    while (row != end) {
        tck_words_thumb1 first = {0, 0}, second = {0, 0};
        uint32_t inputs = 0;
        for (const uint8_t *const stop = row + 2 * *blocks++; row != stop; ++row, stream += 2) {
            const uint32_t x = (uint32_t)*row - 128U;
            inputs += x;
            first = tck_words_add_thumb1(first, stream[0], x);
            second = tck_words_add_thumb1(second, stream[1], x);
        }
        const uint32_t more = 0x8000U - 0x00800080U * inputs;
        tck_words_split_thumb1(first, more, sums);
        tck_words_split_thumb1(second, more, sums + 4);
    }
    for (int32_t c = 0; c < 8; c += 4) {
        sums[c] = tck_sub_wrap(sums[c], tck_shift_left_wrap(sums[c + 2], 16));
        sums[c + 1] = tck_sub_wrap(sums[c + 1], tck_shift_left_wrap(sums[c + 3], 16));
    }
    return stream;
}

#endif
#endif
