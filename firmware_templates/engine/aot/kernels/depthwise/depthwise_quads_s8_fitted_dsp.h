/* Four channels at a time, requantised by one multiply-add that the host fitted. */
#ifndef TCK_DEPTHWISE_QUADS_S8_FITTED_DSP_H
#define TCK_DEPTHWISE_QUADS_S8_FITTED_DSP_H

#include "depthwise_quads_s8_dsp.h"

#if TCK_DSP

#define TCK_QUADS_LINE(sum, multiplier, extract)                                                   \
    extract "smmla  " sum ", " sum ", " multiplier ", r3\n"                                        \
            "ssat   " sum ", #8, " sum ", asr #2\n"

TCK_NAKED void tck_quads_fitted(const uint32_t *stream __attribute__((unused)),
                                int8_t *output __attribute__((unused)),
                                int32_t channels __attribute__((unused)),
                                uint32_t offsets __attribute__((unused)),
                                tck_quads_task task __attribute__((unused))) {
    __asm__ volatile(TCK_QUADS_SUMS                                       /**/
                     "ldr    r12, [r0], #4\n"                             /**/
                     TCK_QUADS_LINE("r4", "r8", "sxth   r3, r12\n")       /**/
                     TCK_QUADS_LINE("r5", "r9", "asr    r3, r12, #16\n")  /**/
                     "ldr    r12, [r0], #4\n"                             /**/
                     TCK_QUADS_LINE("r6", "r10", "sxth   r3, r12\n")      /**/
                     TCK_QUADS_LINE("r7", "r11", "asr    r3, r12, #16\n") /**/
                     TCK_QUADS_STORE);
}

#else

TCK_SHARED void tck_quads_fitted(const uint32_t *stream, int8_t *output, int32_t channels,
                                 uint32_t offsets, tck_quads_task task) {
    for (; task.groups > 0; --task.groups, task.input += 4, output += 4) {
        const tck_quad_sums sums = tck_quads_sums(&stream, channels, offsets, &task);
        for (int32_t c = 0; c < 4; ++c) {
            const uint32_t pair = stream[4 + c / 2];
            const int32_t addend = c & 1 ? tck_hi(pair) : tck_lo(pair);
            const int32_t line = tck_smmla(sums.of[c], (int32_t)stream[c], addend);
            output[c] = (int8_t)tck_ssat8(line >> TCK_QUADS_FRACTION_BITS);
        }
        stream += 6;
    }
}

#endif

TCK_KERNEL void tck_depthwise_quads_s8_fitted_dsp(const tck_depthwise_quads_s8_params *p,
                                                  const int8_t *input, int8_t *output) {
    tck_depthwise_quads(p, input, output, tck_quads_fitted);
}

#endif
