/* Matrix products on int8 for Thumb-1 cores: one pixel by four channels at a time.
 *
 * Only unsigned bytes have loads with constant offsets there. So rows hold inputs + 128 and the
 * stream holds weights + 128; biases hold what that adds for the weights, and 128 times the sum of
 * the row is subtracted on the device. Rows are filled up to whole eights, the weights there are 0.
 * The stream has for every four channels: four biases, for every input the weights of the four in
 * one word, four multipliers, and in two words an int16_t of each channel: the addend of a fitted
 * line, or the right shift less one. */
#ifndef TCK_PIXELS_S8_THUMB1_H
#define TCK_PIXELS_S8_THUMB1_H

#include "../tck_simd.h"

/* Copies inputs to a row; returns their sum there. */
TCK_SHARED uint32_t tck_row_thumb1(uint8_t *row, const int8_t *input, int32_t count) {
    uint32_t sum = 0;
    if ((((uintptr_t)row | (uintptr_t)input | (uintptr_t)count) & 3U) == 0) {
        while (count > 0) {
            /* Pairs of sums in one word, which 128 words cannot overflow. */
            uint32_t pairs = 0;
            for (int32_t words = tck_min(count / 4, 128); words > 0; --words) {
                const uint32_t quad = *(const uint32_t *)(const void *)input ^ 0x80808080U;
                *(uint32_t *)(void *)row = quad;
                pairs += (quad & 0x00FF00FFU) + (quad >> 8 & 0x00FF00FFU);
                row += 4;
                input += 4;
                count -= 4;
            }
            sum += (pairs & 0xFFFFU) + (pairs >> 16);
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

/* The sums of four channels over a row; returns the stream behind their weights. */
#if TCK_THUMB1

#define TCK_THUMB1_INPUT(i, w0, w1, w2, w3)                                                        \
    "ldrb   r2, [r0, #" i "]\n"                                                                    \
    "ldrb   r3, [r1, #" w0 "]\n"                                                                   \
    "muls   r3, r2, r3\n"                                                                          \
    "adds   r4, r4, r3\n"                                                                          \
    "ldrb   r3, [r1, #" w1 "]\n"                                                                   \
    "muls   r3, r2, r3\n"                                                                          \
    "adds   r5, r5, r3\n"                                                                          \
    "ldrb   r3, [r1, #" w2 "]\n"                                                                   \
    "muls   r3, r2, r3\n"                                                                          \
    "adds   r6, r6, r3\n"                                                                          \
    "ldrb   r3, [r1, #" w3 "]\n"                                                                   \
    "muls   r3, r2, r3\n"                                                                          \
    "adds   r7, r7, r3\n"

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
        "1:\n" TCK_THUMB1_INPUT("0", "0", "1", "2", "3") TCK_THUMB1_INPUT("1", "4", "5", "6", "7")
            TCK_THUMB1_INPUT("2", "8", "9", "10", "11")
                TCK_THUMB1_INPUT("3", "12", "13", "14", "15")
                    TCK_THUMB1_INPUT("4", "16", "17", "18", "19")
                        TCK_THUMB1_INPUT("5", "20", "21", "22", "23")
                            TCK_THUMB1_INPUT("6", "24", "25", "26", "27") TCK_THUMB1_INPUT(
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

TCK_SHARED const uint32_t *tck_dot_4_thumb1(const uint8_t *row, const uint8_t *end,
                                            const uint32_t *stream, int32_t *sums) {
    uint32_t of[4];
    for (int32_t c = 0; c < 4; ++c) {
        of[c] = *stream++;
    }
    for (; row != end; ++row, ++stream) {
        for (int32_t c = 0; c < 4; ++c) {
            of[c] += (*stream >> (8 * c) & 0xFFU) * *row;
        }
    }
    for (int32_t c = 0; c < 4; ++c) {
        sums[c] = (int32_t)of[c];
    }
    return stream;
}

#endif

/* Four outputs, each from its sum less what the row's offset adds. */
TCK_INLINE void tck_outputs_4_thumb1(const int32_t *sums, uint32_t excess, const uint32_t *tables,
                                     int32_t fraction_bits, int32_t doubled_zero_point,
                                     int8_t *output, int32_t fitted) {
    const int16_t *extras = (const int16_t *)(const void *)(tables + 4);
    for (int32_t c = 0; c < 4; ++c) {
        const int32_t sum = (int32_t)((uint32_t)sums[c] - excess);
        const int32_t multiplier = (int32_t)tables[c], extra = extras[c];
        int32_t y;
        if (fitted) {
            y = tck_smmla(sum, multiplier, extra) >> fraction_bits;
        } else {
            const int32_t addend = tck_shift_left_wrap(doubled_zero_point, extra);
            const int32_t product = tck_doubling_high_mul(sum, multiplier);
            y = (product + (product >> 31) + addend) >> (extra + 1);
        }
        output[c] = (int8_t)tck_ssat8(y);
    }
}

#endif
