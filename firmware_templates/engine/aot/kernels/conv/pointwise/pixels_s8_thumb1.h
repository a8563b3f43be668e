/* Matrix products on int8 for Thumb-1 cores: one pixel by eight or four channels at a time.
 *
 * Only unsigned bytes have loads with constant offsets there. So rows hold inputs + 128 and the
 * stream holds weights + 128; biases hold what that adds for the weights, and 128 times the sum of
 * the row is subtracted on the device. Rows are filled up to whole eights, the weights there are 0.
 * The stream has for every eight channels: eight biases, for every input the weights of the eight
 * in two words, and twice the table of four channels: four multipliers, and in two words an int16_t
 * of each channel: the addend of a fitted line, or the right shift less one. The channels that are
 * left over follow by fours, with four biases, a word for every input and one table. */
#ifndef TCK_PIXELS_S8_THUMB1_H
#define TCK_PIXELS_S8_THUMB1_H

#include "../../../tck_simd.h"

/* Copies up to 128 words of inputs to a row, at least one; returns two sums of them, of bytes 0 and
 * 1 and of bytes 2 and 3 of all words, in one word. */
#if TCK_THUMB1

#define TCK_THUMB1_ROW_WORD(word) "eors   " word ", " word ", r3\n"

/* Adds the sums of a word to r6. */
#define TCK_THUMB1_ROW_SUM(word)                                                                   \
    "lsrs   r2, " word ", #8\n"                                                                    \
    "ands   " word ", " word ", r7\n"                                                              \
    "adds   r6, r6, " word "\n"                                                                    \
    "ands   r2, r2, r7\n"                                                                          \
    "adds   r6, r6, r2\n"

TCK_NAKED uint32_t tck_row_words_thumb1(uint32_t *row __attribute__((unused)),
                                        const uint32_t *input __attribute__((unused)),
                                        int32_t words __attribute__((unused))) {
    __asm__ volatile(".syntax unified\n"
                     "push   {r4, r5, r6, r7, lr}\n"
                     "lsls   r3, r2, #2\n"
                     "adds   r3, r3, r1\n"
                     "mov    r12, r3\n"
                     "movs   r7, #255\n"
                     "lsls   r3, r7, #16\n"
                     "orrs   r7, r7, r3\n"
                     "movs   r3, #128\n"
                     "lsls   r4, r3, #8\n"
                     "orrs   r3, r3, r4\n"
                     "lsls   r4, r3, #16\n"
                     "orrs   r3, r3, r4\n"
                     "movs   r6, #0\n"
                     "lsrs   r2, r2, #1\n"
                     "bcc    1f\n"
                     "ldmia  r1!, {r4}\n" TCK_THUMB1_ROW_WORD("r4") /**/
                     "stmia  r0!, {r4}\n" TCK_THUMB1_ROW_SUM("r4")  /**/
                     "b      2f\n"
                     "1:\n"
                     "ldmia  r1!, {r4, r5}\n" TCK_THUMB1_ROW_WORD("r4")
                         TCK_THUMB1_ROW_WORD("r5")                                              /**/
                     "stmia  r0!, {r4, r5}\n" TCK_THUMB1_ROW_SUM("r4") TCK_THUMB1_ROW_SUM("r5") /**/
                     "2:\n"
                     "cmp    r1, r12\n"
                     "bne    1b\n"
                     "movs   r0, r6\n"
                     "pop    {r4, r5, r6, r7, pc}\n");
}

#else

TCK_SHARED uint32_t tck_row_words_thumb1(uint32_t *row, const uint32_t *input, int32_t words) {
    uint32_t sums = 0;
    for (; words > 0; --words) {
        const uint32_t quad = *input++ ^ 0x80808080U;
        *row++ = quad;
        sums += (quad & 0x00FF00FFU) + (quad >> 8 & 0x00FF00FFU);
    }
    return sums;
}

#endif

/* Copies inputs to a row; returns their sum there. */
TCK_SHARED uint32_t tck_row_thumb1(uint8_t *row, const int8_t *input, int32_t count) {
    uint32_t sum = 0;
    if ((((uintptr_t)row | (uintptr_t)input | (uintptr_t)count) & 3U) == 0) {
        while (count > 0) {
            const int32_t bytes = tck_min(count, 512);
            const uint32_t sums = tck_row_words_thumb1(
                (uint32_t *)(void *)row, (const uint32_t *)(const void *)input, bytes / 4);
            sum += (sums & 0xFFFFU) + (sums >> 16);
            row += bytes;
            input += bytes;
            count -= bytes;
        }
        return sum;
    }
    for (; count > 0; --count) {
        const uint32_t value = (uint8_t)*input++ ^ 0x80U;
        *row++ = (uint8_t)value;
        sum += value;
    }
    return sum;
}

/* The sums of eight channels, or four, over a row; returns the stream behind their weights. */
#if TCK_THUMB1

/* One weight more, to a sum in r4-r7 or in a higher register. */
#define TCK_THUMB1_LOW(weight, sum)                                                                \
    "ldrb   r3, [r1, #" weight "]\n"                                                               \
    "muls   r3, r2, r3\n"                                                                          \
    "adds   " sum ", " sum ", r3\n"
#define TCK_THUMB1_HIGH(weight, sum)                                                               \
    "ldrb   r3, [r1, #" weight "]\n"                                                               \
    "muls   r3, r2, r3\n"                                                                          \
    "add    " sum ", r3\n"

#define TCK_THUMB1_4(i, w0, w1, w2, w3)                                                            \
    "ldrb   r2, [r0, #" i "]\n" TCK_THUMB1_LOW(w0, "r4") TCK_THUMB1_LOW(w1, "r5")                  \
        TCK_THUMB1_LOW(w2, "r6") TCK_THUMB1_LOW(w3, "r7")
#define TCK_THUMB1_8(i, w0, w1, w2, w3, w4, w5, w6, w7)                                            \
    TCK_THUMB1_4(i, w4, w5, w6, w7)                                                                \
    TCK_THUMB1_HIGH(w0, "r8")                                                                      \
    TCK_THUMB1_HIGH(w1, "r9") TCK_THUMB1_HIGH(w2, "r10") TCK_THUMB1_HIGH(w3, "r11")

TCK_NAKED const uint32_t *tck_dot_8_thumb1(const uint8_t *row __attribute__((unused)),
                                           const uint8_t *end __attribute__((unused)),
                                           const uint32_t *stream __attribute__((unused)),
                                           int32_t *sums __attribute__((unused))) {
    __asm__ volatile(".syntax unified\n"
                     "push   {r3, r4, r5, r6, r7, lr}\n"
                     "mov    r4, r8\n"
                     "mov    r5, r9\n"
                     "mov    r6, r10\n"
                     "mov    r7, r11\n"
                     "push   {r4, r5, r6, r7}\n"
                     "mov    r12, r1\n"
                     "movs   r1, r2\n"
                     "ldmia  r1!, {r4, r5, r6, r7}\n"
                     "mov    r8, r4\n"
                     "mov    r9, r5\n"
                     "mov    r10, r6\n"
                     "mov    r11, r7\n"
                     "ldmia  r1!, {r4, r5, r6, r7}\n"
                     "1:\n" /**/
                     TCK_THUMB1_8("0", "0", "1", "2", "3", "4", "5", "6", "7")
                         TCK_THUMB1_8("1", "8", "9", "10", "11", "12", "13", "14", "15")
                             TCK_THUMB1_8("2", "16", "17", "18", "19", "20", "21", "22", "23")
                                 TCK_THUMB1_8("3", "24", "25", "26", "27", "28", "29", "30",
                                              "31") "adds   r1, #32\n" /**/
                     TCK_THUMB1_8("4", "0", "1", "2", "3", "4", "5", "6", "7")
                         TCK_THUMB1_8("5", "8", "9", "10", "11", "12", "13", "14", "15")
                             TCK_THUMB1_8("6", "16", "17", "18", "19", "20", "21", "22", "23")
                                 TCK_THUMB1_8("7", "24", "25", "26", "27", "28", "29", "30",
                                              "31") "adds   r0, #8\n"
                                                    "adds   r1, #32\n"
                                                    "cmp    r0, r12\n"
                                                    "beq    2f\n"
                                                    "b      1b\n"
                                                    "2:\n"
                                                    "ldr    r3, [sp, #16]\n"
                                                    "movs   r0, r1\n"
                                                    "str    r4, [r3, #16]\n"
                                                    "str    r5, [r3, #20]\n"
                                                    "str    r6, [r3, #24]\n"
                                                    "str    r7, [r3, #28]\n"
                                                    "mov    r4, r8\n"
                                                    "mov    r5, r9\n"
                                                    "mov    r6, r10\n"
                                                    "mov    r7, r11\n"
                                                    "stmia  r3!, {r4, r5, r6, r7}\n"
                                                    "pop    {r4, r5, r6, r7}\n"
                                                    "mov    r8, r4\n"
                                                    "mov    r9, r5\n"
                                                    "mov    r10, r6\n"
                                                    "mov    r11, r7\n"
                                                    "pop    {r3, r4, r5, r6, r7, pc}\n");
}

TCK_NAKED const uint32_t *tck_dot_4_thumb1(const uint8_t *row __attribute__((unused)),
                                           const uint8_t *end __attribute__((unused)),
                                           const uint32_t *stream __attribute__((unused)),
                                           int32_t *sums __attribute__((unused))) {
    __asm__ volatile(
        ".syntax unified\n"
        "push   {r3, r4, r5, r6, r7, lr}\n"
        "mov    r12, r1\n"
        "movs   r1, r2\n"
        "ldmia  r1!, {r4, r5, r6, r7}\n"
        "1:\n" /**/
        TCK_THUMB1_4("0", "0", "1", "2", "3") TCK_THUMB1_4("1", "4", "5", "6", "7")
            TCK_THUMB1_4("2", "8", "9", "10", "11") TCK_THUMB1_4("3", "12", "13", "14", "15")
                TCK_THUMB1_4("4", "16", "17", "18", "19") TCK_THUMB1_4("5", "20", "21", "22", "23")
                    TCK_THUMB1_4("6", "24", "25", "26", "27") TCK_THUMB1_4(
                        "7", "28", "29", "30", "31") "adds   r0, #8\n"
                                                     "adds   r1, #32\n"
                                                     "cmp    r0, r12\n"
                                                     "bne    1b\n"
                                                     "ldr    r3, [sp]\n"
                                                     "stmia  r3!, {r4, r5, r6, r7}\n"
                                                     "movs   r0, r1\n"
                                                     "pop    {r3, r4, r5, r6, r7, pc}\n");
}

#else

TCK_INLINE const uint32_t *tck_dot_thumb1(const uint8_t *row, const uint8_t *end,
                                          const uint32_t *stream, int32_t *sums, int32_t channels) {
    for (int32_t c = 0; c < channels; ++c) {
        sums[c] = (int32_t)*stream++;
    }
    for (; row != end; ++row) {
        for (int32_t c = 0; c < channels; ++c) {
            const uint32_t weight = stream[c / 4] >> (8 * (c % 4)) & 0xFFU;
            sums[c] = (int32_t)((uint32_t)sums[c] + weight * *row);
        }
        stream += channels / 4;
    }
    return stream;
}

TCK_SHARED const uint32_t *tck_dot_8_thumb1(const uint8_t *row, const uint8_t *end,
                                            const uint32_t *stream, int32_t *sums) {
    return tck_dot_thumb1(row, end, stream, sums, 8);
}

TCK_SHARED const uint32_t *tck_dot_4_thumb1(const uint8_t *row, const uint8_t *end,
                                            const uint32_t *stream, int32_t *sums) {
    return tck_dot_thumb1(row, end, stream, sums, 4);
}

#endif

/* Four outputs, each from its sum less what the row's offset adds, by the table of four channels.
 * `rounding` is the fraction bits of fitted lines, or twice the output's zero point + 1. */
typedef void (*tck_outputs_thumb1)(const int32_t *sums, const uint32_t *table, int8_t *output,
                                   int32_t rounding, uint32_t excess);

#if TCK_THUMB1

/* r0 sums, r1 table, r7 output, r8 rounding, r12 excess. */
#define TCK_THUMB1_BEGIN                                                                           \
    ".syntax unified\n"                                                                            \
    "push   {r4, r5, r6, r7, lr}\n"                                                                \
    "mov    r4, r8\n"                                                                              \
    "push   {r4}\n"                                                                                \
    "movs   r7, r2\n"                                                                              \
    "mov    r8, r3\n"                                                                              \
    "ldr    r4, [sp, #24]\n"                                                                       \
    "mov    r12, r4\n"

#define TCK_THUMB1_END                                                                             \
    "pop    {r4}\n"                                                                                \
    "mov    r8, r4\n"                                                                              \
    "pop    {r4, r5, r6, r7, pc}\n"

/* The product of a sum and its multiplier, as tck_multiply_halves: high + the upper half of r4 in
 * r2 + r6, whose lower half counts from 2^-16 on. */
#define TCK_THUMB1_PRODUCT(word)                                                                   \
    "ldr    r2, [r0, #" word "]\n"                                                                 \
    "mov    r3, r12\n"                                                                             \
    "subs   r2, r2, r3\n"                                                                          \
    "ldr    r3, [r1, #" word "]\n"                                                                 \
    "uxth   r4, r2\n"                                                                              \
    "asrs   r2, r2, #16\n"                                                                         \
    "uxth   r5, r3\n"                                                                              \
    "lsrs   r3, r3, #16\n"                                                                         \
    "movs   r6, r4\n"                                                                              \
    "muls   r6, r5, r6\n"                                                                          \
    "lsrs   r6, r6, #16\n"                                                                         \
    "muls   r5, r2, r5\n"                                                                          \
    "adds   r6, r6, r5\n"                                                                          \
    "uxth   r5, r6\n"                                                                              \
    "asrs   r6, r6, #16\n"                                                                         \
    "muls   r4, r3, r4\n"                                                                          \
    "adds   r4, r4, r5\n"                                                                          \
    "muls   r2, r3, r2\n"                                                                          \
    "adds   r2, r2, r6\n"

/* r2 limited to int8, and stored. */
#define TCK_THUMB1_STORE(byte)                                                                     \
    "sxtb   r3, r2\n"                                                                              \
    "cmp    r3, r2\n"                                                                              \
    "beq    1f\n"                                                                                  \
    "asrs   r2, r2, #31\n"                                                                         \
    "movs   r3, #127\n"                                                                            \
    "eors   r2, r2, r3\n"                                                                          \
    "1:\n"                                                                                         \
    "strb   r2, [r7, #" byte "]\n"

#define TCK_THUMB1_FITTED(byte, word, extra)                                                       \
    TCK_THUMB1_PRODUCT(word)                                                                       \
    "lsrs   r4, r4, #16\n"                                                                         \
    "adds   r2, r2, r4\n"                                                                          \
    "movs   r3, #" extra "\n"                                                                      \
    "ldrsh  r3, [r1, r3]\n"                                                                        \
    "adds   r2, r2, r3\n"                                                                          \
    "mov    r3, r8\n"                                                                              \
    "asrs   r2, r2, r3\n" TCK_THUMB1_STORE(byte)

TCK_NAKED void tck_outputs_fitted_thumb1(const int32_t *sums __attribute__((unused)),
                                         const uint32_t *table __attribute__((unused)),
                                         int8_t *output __attribute__((unused)),
                                         int32_t rounding __attribute__((unused)),
                                         uint32_t excess __attribute__((unused))) {
    __asm__ volatile(TCK_THUMB1_BEGIN /**/
                         TCK_THUMB1_FITTED("0", "0", "16") TCK_THUMB1_FITTED("1", "4", "18")
                             TCK_THUMB1_FITTED("2", "8", "20") TCK_THUMB1_FITTED("3", "12", "22")
                                 TCK_THUMB1_END);
}

/* The doubling high multiply: twice what is in r2, and r4 / 2^15, to nearest. */
#define TCK_THUMB1_DOUBLE(byte, word, extra)                                                       \
    TCK_THUMB1_PRODUCT(word)                                                                       \
    "movs   r3, #1\n"                                                                              \
    "lsls   r5, r3, #14\n"                                                                         \
    "adds   r4, r4, r5\n"                                                                          \
    "lsrs   r4, r4, #15\n"                                                                         \
    "lsls   r2, r2, #1\n"                                                                          \
    "adds   r2, r2, r4\n"                                                                          \
    "asrs   r4, r2, #31\n"                                                                         \
    "adds   r2, r2, r4\n"                                                                          \
    "movs   r5, #" extra "\n"                                                                      \
    "ldrsh  r5, [r1, r5]\n"                                                                        \
    "mov    r4, r8\n"                                                                              \
    "lsls   r4, r4, r5\n"                                                                          \
    "adds   r2, r2, r4\n"                                                                          \
    "adds   r5, r5, r3\n"                                                                          \
    "asrs   r2, r2, r5\n" TCK_THUMB1_STORE(byte)

TCK_NAKED void tck_outputs_two_roundings_thumb1(const int32_t *sums __attribute__((unused)),
                                                const uint32_t *table __attribute__((unused)),
                                                int8_t *output __attribute__((unused)),
                                                int32_t rounding __attribute__((unused)),
                                                uint32_t excess __attribute__((unused))) {
    __asm__ volatile(TCK_THUMB1_BEGIN /**/
                         TCK_THUMB1_DOUBLE("0", "0", "16") TCK_THUMB1_DOUBLE("1", "4", "18")
                             TCK_THUMB1_DOUBLE("2", "8", "20") TCK_THUMB1_DOUBLE("3", "12", "22")
                                 TCK_THUMB1_END);
}

#else

TCK_SHARED void tck_outputs_fitted_thumb1(const int32_t *sums, const uint32_t *table,
                                          int8_t *output, int32_t rounding, uint32_t excess) {
    const uint32_t *const extras = table + 4;
    for (int32_t c = 0; c < 4; ++c) {
        const int32_t sum = (int32_t)((uint32_t)sums[c] - excess);
        const int32_t addend = c % 2 == 0 ? tck_lo(extras[c / 2]) : tck_hi(extras[c / 2]);
        output[c] = (int8_t)tck_ssat8(tck_smmla(sum, (int32_t)table[c], addend) >> rounding);
    }
}

TCK_SHARED void tck_outputs_two_roundings_thumb1(const int32_t *sums, const uint32_t *table,
                                                 int8_t *output, int32_t rounding,
                                                 uint32_t excess) {
    const uint32_t *const extras = table + 4;
    for (int32_t c = 0; c < 4; ++c) {
        const int32_t sum = (int32_t)((uint32_t)sums[c] - excess);
        const int32_t extra = c % 2 == 0 ? tck_lo(extras[c / 2]) : tck_hi(extras[c / 2]);
        const int32_t product = tck_doubling_high_mul(sum, (int32_t)table[c]);
        const int32_t addend = tck_shift_left_wrap(rounding, extra);
        output[c] = (int8_t)tck_ssat8((product + (product >> 31) + addend) >> (extra + 1));
    }
}

#endif
#endif
