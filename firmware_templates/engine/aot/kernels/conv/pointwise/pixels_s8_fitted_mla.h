/* Products of two pixels, requantised by one multiply-add that the host fitted. */
#ifndef TCK_PIXELS_S8_FITTED_MLA_H
#define TCK_PIXELS_S8_FITTED_MLA_H

#include "pixels_s8_mla.h"

#if TCK_THUMB2

/* One channel: its multiplier, then its addend, past the multipliers that are left. */
#define TCK_TWO_PIXELS_FITTED(first, second, addend)                                               \
    "ldr    r0, [lr], #4\n"                                                                        \
    "ldrsh  r12, [lr, #" addend "]\n"                                                              \
    "smull  r2, " first ", " first ", r0\n"                                                        \
    "smull  r2, " second ", " second ", r0\n"                                                      \
    "add    " first ", " first ", r12\n"                                                           \
    "add    " second ", " second ", r12\n"                                                         \
    "ssat   " first ", #8, " first ", asr #4\n"                                                    \
    "ssat   " second ", #8, " second ", asr #4\n"

TCK_NAKED void tck_pixels_s8_fitted_mla(
    const int8_t *first __attribute__((unused)), const int8_t *second __attribute__((unused)),
    int32_t inputs __attribute__((unused)), const uint32_t *stream __attribute__((unused)),
    const uint32_t *stream_end __attribute__((unused)), int8_t *output __attribute__((unused)),
    int32_t offset __attribute__((unused)), int32_t doubled_zero_point __attribute__((unused))) {
    __asm__ volatile(TCK_TWO_PIXELS_SUMS                         /**/
                         TCK_TWO_PIXELS_FITTED("r4", "r8", "12") /**/
                     TCK_TWO_PIXELS_FITTED("r5", "r9", "10")     /**/
                     TCK_TWO_PIXELS_FITTED("r6", "r10", "8")     /**/
                     TCK_TWO_PIXELS_FITTED("r7", "r11", "6")     /**/
                     TCK_TWO_PIXELS_STORE);
}

#else

static void tck_pixels_s8_fitted_mla(const int8_t *first, const int8_t *second, int32_t inputs,
                                     const uint32_t *stream, const uint32_t *stream_end,
                                     int8_t *output, int32_t offset, int32_t doubled_zero_point) {
    (void)doubled_zero_point;
    while (stream != stream_end) {
        const tck_two_pixel_sums sums = tck_two_pixels_s8_sums(first, second, inputs, &stream);
        for (int32_t c = 0; c < 4; ++c, ++output) {
            const int32_t multiplier = (int32_t)stream[c];
            const uint32_t addends = stream[4 + c / 2];
            const int32_t addend = c % 2 == 0 ? tck_lo(addends) : tck_hi(addends);
            output[offset] = (int8_t)tck_fitted(sums.of[c][1], multiplier, addend);
            output[0] = (int8_t)tck_fitted(sums.of[c][0], multiplier, addend);
        }
        stream += 6;
    }
}

#endif
#endif
