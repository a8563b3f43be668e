/* Products of three pixels, requantised by one multiply-add that the host fitted.
 *
 * The second channel's line takes 256 times its sum, so that the stream begins with a begin of
 * either sum, and has no addend; the first line's addend and both multipliers end it. */
#ifndef TCK_PIXELS_S8_FITTED_DSP_H
#define TCK_PIXELS_S8_FITTED_DSP_H

#include "pixels_s8_dsp.h"

/* Bits below the output's unit in the second channel's line. */
#define TCK_PIXELS_SECOND_FRACTION_BITS 12

#if TCK_DSP

TCK_NAKED void tck_pixels_s8_fitted_dsp(
    uint32_t *columns __attribute__((unused)), int32_t chunks __attribute__((unused)),
    const uint32_t *stream __attribute__((unused)),
    const uint32_t *stream_end __attribute__((unused)), int8_t *output __attribute__((unused)),
    int32_t offset1 __attribute__((unused)), int32_t offset2 __attribute__((unused)),
    int32_t doubled_zero_point __attribute__((unused)), const int8_t *input __attribute__((unused)),
    int32_t threes __attribute__((unused))) {
    __asm__ volatile(TCK_PIXELS_SUMS("ldr    r7, [lr, #4]\n"
                                     "ldr    r10, [lr, #8]\n"
                                     "ldr    r11, [lr, #12]\n"
                                     "ldr    r4, [lr], #16\n",
                                     "r7", "7", TCK_PIXELS_FOUR TCK_PIXELS_FOUR) /**/
                     "ldmia  lr!, {r0, r10, r11}\n"
                     "smmla  r4, r4, r10, r0\n"
                     "smmla  r5, r5, r10, r0\n"
                     "smmla  r6, r6, r10, r0\n"
                     "smmul  r7, r7, r11\n"
                     "smmul  r8, r8, r11\n"
                     "smmul  r9, r9, r11\n"
                     "ssat   r4, #8, r4, asr #4\n"
                     "ssat   r5, #8, r5, asr #4\n"
                     "ssat   r6, #8, r6, asr #4\n"
                     "ssat   r7, #8, r7, asr #12\n"
                     "ssat   r8, #8, r8, asr #12\n"
                     "ssat   r9, #8, r9, asr #12\n" TCK_PIXELS_STORE);
}

#else

static void tck_pixels_s8_fitted_three(const uint32_t *columns, int32_t chunks,
                                       const uint32_t *stream, const uint32_t *stream_end,
                                       int8_t *output, int32_t offset1, int32_t offset2,
                                       int32_t doubled_zero_point) {
    (void)doubled_zero_point;
    for (; stream != stream_end; output += 2) {
        const tck_pixel_sums sums =
            tck_pixels_s8_sums(columns, chunks, stream + 2, (int32_t)stream[0], (int32_t)stream[1]);
        stream += 2 + 2 * chunks;
        for (int32_t i = 2; i >= 0; --i) {
            int8_t *const pixel = output + (i == 2 ? offset2 : i == 1 ? offset1 : 0);
            const int32_t second =
                tck_smmla(sums.of[1][i], (int32_t)stream[2], 0) >> TCK_PIXELS_SECOND_FRACTION_BITS;
            pixel[0] = (int8_t)tck_fitted(sums.of[0][i], (int32_t)stream[1], (int32_t)stream[0]);
            pixel[1] = (int8_t)tck_ssat8(second);
        }
        stream += 3;
    }
}

static void tck_pixels_s8_fitted_dsp(uint32_t *columns, int32_t chunks, const uint32_t *stream,
                                     const uint32_t *stream_end, int8_t *output, int32_t offset1,
                                     int32_t offset2, int32_t doubled_zero_point,
                                     const int8_t *input, int32_t threes) {
    tck_pixels_s8_threes(tck_pixels_s8_fitted_three, columns, chunks, stream, stream_end, output,
                         offset1, offset2, doubled_zero_point, input, threes);
}

#endif
#endif
