/* Products of three pixels, requantised by one multiply-add that the host fitted. */
#ifndef TCK_PIXELS_S8_FITTED_DSP_H
#define TCK_PIXELS_S8_FITTED_DSP_H

#include "pixels_s8_dsp.h"

#if TCK_DSP

TCK_NAKED void tck_pixels_s8_fitted_dsp(const uint32_t *columns __attribute__((unused)),
                                        int32_t chunks __attribute__((unused)),
                                        const uint32_t *stream __attribute__((unused)),
                                        const uint32_t *stream_end __attribute__((unused)),
                                        int8_t *output __attribute__((unused)),
                                        int32_t offset1 __attribute__((unused)),
                                        int32_t offset2 __attribute__((unused)),
                                        int32_t doubled_zero_point __attribute__((unused))) {
    __asm__ volatile(TCK_PIXELS_SUMS "sxth   r0, r12\n"
                                     "asr    r12, r12, #16\n"
                                     "smmla  r4, r4, r10, r0\n"
                                     "smmla  r5, r5, r10, r0\n"
                                     "smmla  r6, r6, r10, r0\n"
                                     "smmla  r7, r7, r11, r12\n"
                                     "smmla  r8, r8, r11, r12\n"
                                     "smmla  r9, r9, r11, r12\n"
                                     "ssat   r4, #8, r4, asr #4\n"
                                     "ssat   r5, #8, r5, asr #4\n"
                                     "ssat   r6, #8, r6, asr #4\n"
                                     "ssat   r7, #8, r7, asr #4\n"
                                     "ssat   r8, #8, r8, asr #4\n"
                                     "ssat   r9, #8, r9, asr #4\n" TCK_PIXELS_STORE);
}

#else

static void tck_pixels_s8_fitted_dsp(const uint32_t *columns, int32_t chunks,
                                     const uint32_t *stream, const uint32_t *stream_end,
                                     int8_t *output, int32_t offset1, int32_t offset2,
                                     int32_t doubled_zero_point) {
    (void)doubled_zero_point;
    while (stream != stream_end) {
        const tck_pixel_sums sums = tck_pixels_s8_sums(columns, chunks, &stream);
        for (int32_t c = 0; c < 2; ++c, ++output) {
            const int32_t multiplier = (int32_t)stream[c];
            const int32_t addend = c == 0 ? tck_lo(stream[2]) : tck_hi(stream[2]);
            output[offset2] = (int8_t)tck_fitted(sums.of[c][2], multiplier, addend);
            output[offset1] = (int8_t)tck_fitted(sums.of[c][1], multiplier, addend);
            output[0] = (int8_t)tck_fitted(sums.of[c][0], multiplier, addend);
        }
        stream += 3;
    }
}

#endif
#endif
