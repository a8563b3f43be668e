/* Products of two pixels, requantised with the two roundings of tck_multiply_two_roundings. */
#ifndef TCK_PIXELS_S8_TWO_ROUNDINGS_MLA_H
#define TCK_PIXELS_S8_TWO_ROUNDINGS_MLA_H

#include "pixels_s8_mla.h"

#if TCK_THUMB2

/* tck_requantize of a sum: the carry rounds the product, SSAT does the last bit of the shift;
 * r0 multiplier, r1 addend, r12 shift less one. */
#define TCK_TWO_PIXELS_REQUANTIZE(sum)                                                             \
    "lsl    " sum ", " sum ", #1\n"                                                                \
    "smull  r2, " sum ", " sum ", r0\n"                                                            \
    "lsls   r2, r2, #1\n"                                                                          \
    "adc    " sum ", " sum ", #0\n"                                                                \
    "add    " sum ", " sum ", " sum ", asr #31\n"                                                  \
    "add    " sum ", " sum ", r1\n"                                                                \
    "asr    " sum ", " sum ", r12\n"                                                               \
    "ssat   " sum ", #8, " sum ", asr #1\n"

/* One channel: its multiplier, then its shift, past the multipliers that are left. */
#define TCK_TWO_PIXELS_DOUBLE(first, second, shift)                                                \
    "ldr    r0, [lr], #4\n"                                                                        \
    "ldrsh  r12, [lr, #" shift "]\n"                                                               \
    "lsl    r1, r3, r12\n" TCK_TWO_PIXELS_REQUANTIZE(first) TCK_TWO_PIXELS_REQUANTIZE(second)

TCK_NAKED void tck_pixels_s8_two_roundings_mla(
    const int8_t *first __attribute__((unused)), const int8_t *second __attribute__((unused)),
    int32_t inputs __attribute__((unused)), const uint32_t *stream __attribute__((unused)),
    const uint32_t *stream_end __attribute__((unused)), int8_t *output __attribute__((unused)),
    int32_t offset __attribute__((unused)), int32_t doubled_zero_point __attribute__((unused))) {
    __asm__ volatile(TCK_TWO_PIXELS_SUMS "ldr    r3, [sp, #64]\n" /**/
                     TCK_TWO_PIXELS_DOUBLE("r4", "r8", "12")      /**/
                     TCK_TWO_PIXELS_DOUBLE("r5", "r9", "10")      /**/
                     TCK_TWO_PIXELS_DOUBLE("r6", "r10", "8")      /**/
                     TCK_TWO_PIXELS_DOUBLE("r7", "r11", "6")      /**/
                     TCK_TWO_PIXELS_STORE);
}

#else

static void tck_pixels_s8_two_roundings_mla(const int8_t *first, const int8_t *second,
                                            int32_t inputs, const uint32_t *stream,
                                            const uint32_t *stream_end, int8_t *output,
                                            int32_t offset, int32_t doubled_zero_point) {
    while (stream != stream_end) {
        const tck_two_pixel_sums sums = tck_two_pixels_s8_sums(first, second, inputs, &stream);
        for (int32_t c = 0; c < 4; ++c, ++output) {
            const int32_t multiplier = (int32_t)stream[c];
            const uint32_t shifts = stream[4 + c / 2];
            const int32_t shift = 1 + (c % 2 == 0 ? tck_lo(shifts) : tck_hi(shifts));
            const int32_t addend = tck_shift_left_wrap(doubled_zero_point, shift - 1);
            for (int32_t i = 1; i >= 0; --i) {
                const int32_t y = tck_requantize(sums.of[c][i], multiplier, shift, addend);
                output[i * offset] = (int8_t)tck_ssat8(y);
            }
        }
        stream += 6;
    }
}

#endif
#endif
