/* Matrix products on int8 for Thumb-2 cores without the DSP extension: two pixels by four channels
 * at a time, one MLA for each product.
 *
 * A stream has for every four output channels what the code reads, in that order: four biases, for
 * every input the weights of the four channels in one word, four multipliers, and in two words an
 * int16_t of each channel: the addend of a fitted line, or the right shift less one. */
#ifndef TCK_PIXELS_S8_MLA_H
#define TCK_PIXELS_S8_MLA_H

#include "../../../tck_simd.h"

/* Computes all channels of a stream for two pixels. offset leads from the first pixel's output to
 * the second's; where it is 0 the second's are overwritten by the first's. Reads inputs after it
 * has written outputs: these must not overlap. */
typedef void (*tck_two_pixels_s8)(const int8_t *first, const int8_t *second, int32_t inputs,
                                  const uint32_t *stream, const uint32_t *stream_end,
                                  int8_t *output, int32_t offset, int32_t doubled_zero_point);

#if TCK_THUMB2

/* One input more in the sums r4-r7 (first pixel) and r8-r11 (second); r0 and r1 inputs, lr stream.
 * TCK_TWO_PIXELS_SUMS multiplies by 7 * 8 bytes. */
#define TCK_TWO_PIXELS_STEP TCK_CODE_BYTES("56", TCK_TWO_PIXELS_STEP_CODE)

#define TCK_TWO_PIXELS_STEP_CODE                                                                   \
    "ldrsb  r2, [r0], #1\n"                                                                        \
    "ldrsb  r3, [r1], #1\n"                                                                        \
    "ldrsb  r12, [lr], #1\n"                                                                       \
    "mla    r4, r12, r2, r4\n"                                                                     \
    "mla    r8, r12, r3, r8\n"                                                                     \
    "ldrsb  r12, [lr], #1\n"                                                                       \
    "mla    r5, r12, r2, r5\n"                                                                     \
    "mla    r9, r12, r3, r9\n"                                                                     \
    "ldrsb  r12, [lr], #1\n"                                                                       \
    "mla    r6, r12, r2, r6\n"                                                                     \
    "mla    r10, r12, r3, r10\n"                                                                   \
    "ldrsb  r12, [lr], #1\n"                                                                       \
    "mla    r7, r12, r2, r7\n"                                                                     \
    "mla    r11, r12, r3, r11\n"

/* The sums of the next four channels. The first round of the loop skips what makes the rest a
 * multiple of eight. Stack: 36 first, 40 second, 44 entry into the loop, 48 end of the first
 * pixel, 52 stream_end, 56 output, 60 offset, 64 doubled_zero_point. */
#define TCK_TWO_PIXELS_SUMS                                                                        \
    "push   {r0, r1, r2, r3}\n"                                                                    \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "mov    lr, r3\n"                                                                              \
    "add    r4, r0, r2\n"                                                                          \
    "str    r4, [sp, #48]\n"                                                                       \
    "rsb    r2, r2, #0\n"                                                                          \
    "and    r2, r2, #7\n"                                                                          \
    "rsb    r2, r2, r2, lsl #3\n"                                                                  \
    "adr    r4, 2f\n"                                                                              \
    "add    r4, r4, r2, lsl #3\n"                                                                  \
    "orr    r4, r4, #1\n"                                                                          \
    "str    r4, [sp, #44]\n"                                                                       \
    "1:\n"                                                                                         \
    "ldmia  lr!, {r4, r5, r6, r7}\n"                                                               \
    "mov    r8, r4\n"                                                                              \
    "mov    r9, r5\n"                                                                              \
    "mov    r10, r6\n"                                                                             \
    "mov    r11, r7\n"                                                                             \
    "ldrd   r0, r1, [sp, #36]\n"                                                                   \
    "ldr    pc, [sp, #44]\n"                                                                       \
    ".balign 4\n"                                                                                  \
    "2:\n" TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP         \
        TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP TCK_TWO_PIXELS_STEP            \
    "ldr    r2, [sp, #48]\n"                                                                       \
    "cmp    r0, r2\n"                                                                              \
    "bne    2b\n"

/* Stores four channels, the second pixel first, and goes on to the next four. */
#define TCK_TWO_PIXELS_STORE                                                                       \
    "ldrd   r1, r3, [sp, #56]\n"                                                                   \
    "strb   r8, [r1, r3]\n"                                                                        \
    "strb   r4, [r1], #1\n"                                                                        \
    "strb   r9, [r1, r3]\n"                                                                        \
    "strb   r5, [r1], #1\n"                                                                        \
    "strb   r10, [r1, r3]\n"                                                                       \
    "strb   r6, [r1], #1\n"                                                                        \
    "strb   r11, [r1, r3]\n"                                                                       \
    "strb   r7, [r1], #1\n"                                                                        \
    "str    r1, [sp, #56]\n"                                                                       \
    "add    lr, lr, #8\n"                                                                          \
    "ldr    r1, [sp, #52]\n"                                                                       \
    "cmp    lr, r1\n"                                                                              \
    "bne    1b\n"                                                                                  \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "add    sp, #16\n"                                                                             \
    "bx     lr\n"

#else

typedef struct {
    int32_t of[4][2]; /* [channel][pixel] */
} tck_two_pixel_sums;

/* The sums of the next four channels; the stream is left at their multipliers. */
TCK_INLINE tck_two_pixel_sums tck_two_pixels_s8_sums(const int8_t *first, const int8_t *second,
                                                     int32_t inputs, const uint32_t **stream) {
    tck_two_pixel_sums sums;
    const uint32_t *next = *stream;
    for (int32_t c = 0; c < 4; ++c) {
        sums.of[c][0] = sums.of[c][1] = (int32_t)*next++;
    }
    for (int32_t k = 0; k < inputs; ++k, ++next) {
        for (int32_t c = 0; c < 4; ++c) {
            const int32_t weight = (int8_t)(*next >> (8 * c) & 0xFFU);
            sums.of[c][0] = tck_add_wrap(sums.of[c][0], weight * first[k]);
            sums.of[c][1] = tck_add_wrap(sums.of[c][1], weight * second[k]);
        }
    }
    *stream = next;
    return sums;
}

#endif
#endif
