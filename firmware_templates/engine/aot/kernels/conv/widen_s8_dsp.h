/* Inputs of three pixels as the columns of pixels_s8_dsp.h. */
#ifndef TCK_WIDEN_S8_DSP_H
#define TCK_WIDEN_S8_DSP_H

#include "pointwise/pixels_s8_dsp.h"

/* Widens rows of chunks * 4 inputs of three pixels, `gap` bytes between the rows; returns the end
 * of the columns. */
#if TCK_DSP

TCK_NAKED uint32_t *tck_widen_3_dsp(uint32_t *columns __attribute__((unused)),
                                    const int8_t *first __attribute__((unused)),
                                    const int8_t *second __attribute__((unused)),
                                    const int8_t *third __attribute__((unused)),
                                    int32_t chunks __attribute__((unused)),
                                    int32_t rows __attribute__((unused)),
                                    int32_t gap __attribute__((unused))) {
    __asm__ volatile("push   {r4, r5, r6, r7, r8, r9, r10, lr}\n"
                     "ldrd   r10, lr, [sp, #36]\n"
                     "1:\n"
                     "ldr    r12, [sp, #32]\n"
                     "2:\n"
                     "ldr    r7, [r1], #4\n"
                     "ldr    r8, [r2], #4\n"
                     "ldr    r9, [r3], #4\n"
                     "sxtb16 r4, r7\n"
                     "sxtb16 r5, r8\n"
                     "sxtb16 r6, r9\n"
                     "sxtb16 r7, r7, ror #8\n"
                     "sxtb16 r8, r8, ror #8\n"
                     "sxtb16 r9, r9, ror #8\n"
                     "subs   r12, r12, #1\n"
                     "stmia  r0!, {r4, r5, r6, r7, r8, r9}\n"
                     "bne    2b\n"
                     "subs   r10, r10, #1\n"
                     "add    r1, r1, lr\n"
                     "add    r2, r2, lr\n"
                     "add    r3, r3, lr\n"
                     "bne    1b\n"
                     "pop    {r4, r5, r6, r7, r8, r9, r10, pc}\n");
}

#else

static uint32_t *tck_widen_3_dsp(uint32_t *columns, const int8_t *first, const int8_t *second,
                                 const int8_t *third, int32_t chunks, int32_t rows, int32_t gap) {
    const int8_t *from[3] = {first, second, third};
    for (; rows > 0; --rows) {
        for (int32_t k = 0; k < chunks; ++k, columns += 6) {
            for (int32_t i = 0; i < 3; ++i) {
                const uint32_t quad = tck_load_word(from[i]);
                columns[i] = tck_sxtb16(quad);
                columns[3 + i] = tck_sxtb16_ror8(quad);
                from[i] += 4;
            }
        }
        /* No pointer is made that would lead further than to the end of the input. */
        for (int32_t i = 0; i < 3 && rows > 1; ++i) {
            from[i] += gap;
        }
    }
    return columns;
}

#endif
#endif
