/* Four channels at a time, requantised with two roundings. */
#ifndef TCK_DEPTHWISE_QUADS_S8_TWO_ROUNDINGS_DSP_H
#define TCK_DEPTHWISE_QUADS_S8_TWO_ROUNDINGS_DSP_H

#include "depthwise_quads_s8_dsp.h"

#if TCK_DSP

#define TCK_QUADS_ROUND(sum, multiplier)                                                           \
    "lsl    " sum ", " sum ", #1\n"                                                                \
    "smmulr " sum ", " sum ", " multiplier "\n"                                                    \
    "add    " sum ", " sum ", " sum ", asr #31\n"

/* r8 is -2^31, r9 the output's offset. */
#define TCK_QUADS_SHIFT(sum, byte)                                                                 \
    "uxtb   r10, r12, ror #" byte "\n"                                                             \
    "asr    r10, r8, r10\n"                                                                        \
    "smmlsr " sum ", " sum ", r10, r9\n"                                                           \
    "ssat   " sum ", #8, " sum "\n"

TCK_NAKED void tck_quads_two_roundings(const uint32_t *stream __attribute__((unused)),
                                       int8_t *output __attribute__((unused)),
                                       int32_t channels __attribute__((unused)),
                                       uint32_t offsets __attribute__((unused)),
                                       tck_quads_task task __attribute__((unused))) {
    __asm__ volatile(TCK_QUADS_SUMS               /**/
                     "ldr    r12, [r0], #4\n"     /**/
                     TCK_QUADS_ROUND("r4", "r8")  /**/
                     TCK_QUADS_ROUND("r5", "r9")  /**/
                     TCK_QUADS_ROUND("r6", "r10") /**/
                     TCK_QUADS_ROUND("r7", "r11") /**/
                     "mov    r8, #0x80000000\n"   /**/
                     "ldr    r9, [sp, #72]\n"     /**/
                     TCK_QUADS_SHIFT("r4", "0")   /**/
                     TCK_QUADS_SHIFT("r5", "8")   /**/
                     TCK_QUADS_SHIFT("r6", "16")  /**/
                     TCK_QUADS_SHIFT("r7", "24")  /**/
                     TCK_QUADS_STORE);
}

#else

TCK_SHARED void tck_quads_two_roundings(const uint32_t *stream, int8_t *output, int32_t channels,
                                        uint32_t offsets, tck_quads_task task) {
    for (; task.groups > 0; --task.groups, task.input += 4, output += 4) {
        const tck_quad_sums sums = tck_quads_sums(&stream, channels, offsets, &task);
        for (int32_t c = 0; c < 4; ++c) {
            const int32_t shift = (int32_t)(stream[4] >> (8 * c) & 0xFFU) + 1;
            const int32_t scaled =
                tck_multiply_two_roundings(sums.of[c], (int32_t)stream[c], -shift);
            output[c] = (int8_t)tck_ssat8(scaled + task.output_offset);
        }
        stream += 5;
    }
}

#endif

TCK_KERNEL void tck_depthwise_quads_s8_two_roundings_dsp(const tck_depthwise_quads_s8_params *p,
                                                         const int8_t *input, int8_t *output) {
    tck_depthwise_quads(p, input, output, tck_quads_two_roundings);
}

#endif
