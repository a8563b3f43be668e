/* Products of three pixels, requantised with the two roundings of tck_multiply_two_roundings.
 *
 * The second sum begins as the first, with no word of its own. Behind the weights follow the second
 * channel's bias, doubled; both multipliers; and in the halves of one word both right shifts less
 * one. */
#ifndef TCK_PIXELS_S8_TWO_ROUNDINGS_DSP_H
#define TCK_PIXELS_S8_TWO_ROUNDINGS_DSP_H

#include "pixels_s8_dsp.h"

#if TCK_DSP

/* tck_requantize of a sum that is doubled, with the last bit of the shift left to SSAT; r0 is the
 * addend. */
#define TCK_PIXELS_REQUANTIZE(sum, multiplier, shift)                                              \
    "smmulr " sum ", " sum ", " multiplier "\n"                                                    \
    "add    " sum ", " sum ", " sum ", asr #31\n"                                                  \
    "add    " sum ", " sum ", r0\n"                                                                \
    "asr    " sum ", " sum ", " shift "\n"                                                         \
    "ssat   " sum ", #8, " sum ", asr #1\n"

TCK_NAKED void tck_pixels_s8_two_roundings_dsp(
    uint32_t *columns __attribute__((unused)), int32_t chunks __attribute__((unused)),
    const uint32_t *stream __attribute__((unused)),
    const uint32_t *stream_end __attribute__((unused)), int8_t *output __attribute__((unused)),
    int32_t offset1 __attribute__((unused)), int32_t offset2 __attribute__((unused)),
    int32_t doubled_zero_point __attribute__((unused)), const int8_t *input __attribute__((unused)),
    int32_t threes __attribute__((unused))) {
    __asm__ volatile(TCK_PIXELS_SUMS("ldr    r10, [lr, #4]\n"
                                     "ldr    r11, [lr, #8]\n"
                                     "ldr    r4, [lr], #12\n",
                                     "r4", "3", TCK_PIXELS_FOUR) /**/
                     "ldmia  lr!, {r0, r3, r10, r11}\n"
                     "ldr    r2, [sp, #80]\n"
                     "uxth   r1, r11\n"
                     "lsr    r11, r11, #16\n"
                     "lsl    r4, r4, #1\n"
                     "lsl    r5, r5, #1\n"
                     "lsl    r6, r6, #1\n"
                     "add    r7, r0, r7, asr #7\n"
                     "add    r8, r0, r8, asr #7\n"
                     "add    r9, r0, r9, asr #7\n"
                     "lsl    r0, r2, r1\n"                     /**/
                     TCK_PIXELS_REQUANTIZE("r4", "r3", "r1")   /**/
                     TCK_PIXELS_REQUANTIZE("r5", "r3", "r1")   /**/
                     TCK_PIXELS_REQUANTIZE("r6", "r3", "r1")   /**/
                     "lsl    r0, r2, r11\n"                    /**/
                     TCK_PIXELS_REQUANTIZE("r7", "r10", "r11") /**/
                     TCK_PIXELS_REQUANTIZE("r8", "r10", "r11") /**/
                     TCK_PIXELS_REQUANTIZE("r9", "r10", "r11") /**/
                     TCK_PIXELS_STORE);
}

#else

static void tck_pixels_s8_two_roundings_three(const uint32_t *columns, int32_t chunks,
                                              const uint32_t *stream, const uint32_t *stream_end,
                                              int8_t *output, int32_t offset1, int32_t offset2,
                                              int32_t doubled_zero_point) {
    for (; stream != stream_end; output += 2) {
        const int32_t first = (int32_t)stream[0];
        tck_pixel_sums sums = tck_pixels_s8_sums(columns, chunks, stream + 1, first, first);
        stream += 1 + 2 * chunks;
        for (int32_t i = 2; i >= 0; --i) {
            sums.of[1][i] = tck_add_wrap(sums.of[1][i] >> 8, (int32_t)stream[0] >> 1);
            for (int32_t c = 0; c < 2; ++c) {
                const int32_t multiplier = (int32_t)stream[1 + c];
                const int32_t shift = 1 + (c == 0 ? tck_lo(stream[3]) : tck_hi(stream[3]));
                const int32_t addend = tck_shift_left_wrap(doubled_zero_point, shift - 1);
                const int32_t y = tck_requantize(sums.of[c][i], multiplier, shift, addend);
                output[c + (i == 2 ? offset2 : i == 1 ? offset1 : 0)] = (int8_t)tck_ssat8(y);
            }
        }
        stream += 4;
    }
}

static void tck_pixels_s8_two_roundings_dsp(uint32_t *columns, int32_t chunks,
                                            const uint32_t *stream, const uint32_t *stream_end,
                                            int8_t *output, int32_t offset1, int32_t offset2,
                                            int32_t doubled_zero_point, const int8_t *input,
                                            int32_t threes) {
    tck_pixels_s8_threes(tck_pixels_s8_two_roundings_three, columns, chunks, stream, stream_end,
                         output, offset1, offset2, doubled_zero_point, input, threes);
}

#endif
#endif
