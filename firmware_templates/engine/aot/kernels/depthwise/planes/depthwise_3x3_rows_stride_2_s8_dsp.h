/* The 3x3 filters of some channels over a band of their planes, at horizontal stride 2. */
#ifndef TCK_DEPTHWISE_3X3_ROWS_STRIDE_2_S8_DSP_H
#define TCK_DEPTHWISE_3X3_ROWS_STRIDE_2_S8_DSP_H

#include "depthwise_3x3_s8_dsp.h"

/* Outputs in a round of the loop. */
#define TCK_3X3_2_PARTS 4

#if TCK_DSP

/* One output: 48 bytes. r9 is (w0, w1) of row 2, r10 has w2 of the rows 0 and 1, the upper half of
 * r11 that of row 2; r12 is the multiplier, lr the step. */
#define TCK_3X3_2_OUTPUT                                                                           \
    "ldr.n  r3, [sp, #8]\n"                                                                        \
    "smlad  r3, r4, r7, r3\n"                                                                      \
    "smlad  r3, r5, r8, r3\n"                                                                      \
    "smlad  r3, r6, r9, r3\n" TCK_3X3_LOAD "smlabb r3, r4, r10, r3\n"                              \
    "smlabt r3, r5, r10, r3\n"                                                                     \
    "smlabt r3, r6, r11, r3\n"                                                                     \
    "smmul  r3, r3, r12\n"                                                                         \
    "ssat   r3, #8, r3, asr #8\n"                                                                  \
    "strb.n r3, [r2]\n"                                                                            \
    "add.n  r2, r2, lr\n"

TCK_NAKED void tck_depthwise_3x3_2(const uint32_t *plane __attribute__((unused)),
                                   int32_t pitch __attribute__((unused)),
                                   int8_t *output __attribute__((unused)),
                                   int32_t channels __attribute__((unused)),
                                   tck_depthwise_3x3_task task __attribute__((unused))) {
    __asm__ volatile(
        TCK_3X3_BEGIN("48", "pkhtb  r10, r5, r4, asr #16\n"
                            "pkhbt  r9, r11, r6\n"
                            "ldr    lr, [sp, #16]\n")
            TCK_3X3_2_OUTPUT TCK_3X3_2_OUTPUT TCK_3X3_2_OUTPUT TCK_3X3_2_OUTPUT TCK_3X3_LOOP
        "add    r3, sp, #68\n"
        "ldmia  r3, {r3, r4, r5, r6}\n"
        "tst.w  r3, #2\n"
        "bne    6f\n" TCK_3X3_NEXT_ROW("r3", "r4", "r5", "r6", "5b") TCK_3X3_END
        "6:\n"
        "bic    r3, r3, #2\n" TCK_3X3_NEXT_ROW("r3", "r4", "r5", "r6", "9b") "b      4b\n");
}

#else

TCK_SHARED void tck_depthwise_3x3_2(const uint32_t *plane, int32_t pitch, int8_t *output,
                                    int32_t channels, tck_depthwise_3x3_task task) {
    tck_depthwise_3x3_channels(plane, pitch, output, channels, task, 2);
}

#endif
#endif
