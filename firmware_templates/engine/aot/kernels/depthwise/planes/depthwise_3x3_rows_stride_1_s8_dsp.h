/* The 3x3 filters of some channels over a band of their planes, at horizontal stride 1. */
#ifndef TCK_DEPTHWISE_3X3_ROWS_STRIDE_1_S8_DSP_H
#define TCK_DEPTHWISE_3X3_ROWS_STRIDE_1_S8_DSP_H

#include "depthwise_3x3_s8_dsp.h"

/* Pairs of outputs in a round of the loop. */
#define TCK_3X3_1_PARTS 3

#if TCK_DSP

/* Two outputs: 92 bytes. r3 and lr are their sums. */
#define TCK_3X3_1_PAIR                                                                             \
    "ldmia.w sp, {r11, r12, lr}\n"                                                                 \
    "smlad  r3, r4, r7, lr\n"                                                                      \
    "smlatb lr, r4, r7, lr\n"                                                                      \
    "smlad  r3, r5, r8, r3\n"                                                                      \
    "smlatb lr, r5, r8, lr\n"                                                                      \
    "smlad  r3, r6, r11, r3\n"                                                                     \
    "smlatb lr, r6, r11, lr\n" TCK_3X3_LOAD "smlabt r3, r4, r9, r3\n"                              \
    "smlad  lr, r4, r9, lr\n"                                                                      \
    "smlabt r3, r5, r10, r3\n"                                                                     \
    "smlad  lr, r5, r10, lr\n"                                                                     \
    "smlabt r3, r6, r12, r3\n"                                                                     \
    "smlad  lr, r6, r12, lr\n"                                                                     \
    "ldrd   r11, r12, [sp, #12]\n"                                                                 \
    "smmul  r3, r3, r11\n"                                                                         \
    "smmul  lr, lr, r11\n"                                                                         \
    "ssat   r3, #8, r3, asr #8\n"                                                                  \
    "ssat   lr, #8, lr, asr #8\n"                                                                  \
    "strb.n r3, [r2]\n"                                                                            \
    "strb.w lr, [r2, r12]\n"                                                                       \
    "add.w  r2, r2, r12, lsl #1\n"

TCK_NAKED void tck_depthwise_3x3_1(const uint32_t *plane __attribute__((unused)),
                                   int32_t pitch __attribute__((unused)),
                                   int8_t *output __attribute__((unused)),
                                   int32_t channels __attribute__((unused)),
                                   tck_depthwise_3x3_task task __attribute__((unused))) {
    __asm__ volatile(
        TCK_3X3_BEGIN("92", "pkhbt  r9, r9, r4\n"
                            "pkhbt  r10, r10, r5\n"
                            "pkhbt  r3, r11, r6\n"
                            "pkhtb  r4, r11, r6, asr #16\n"
                            "strd   r3, r4, [sp]\n")
            TCK_3X3_1_PAIR TCK_3X3_1_PAIR TCK_3X3_1_PAIR TCK_3X3_LOOP
        "6:\n"
        "add    r3, sp, #68\n"
        "ldmia.w r3, {r3, r11, r12, lr}\n"
        "tst.w  r3, #3\n"
        "bne    6f\n" TCK_3X3_NEXT_ROW("r3", "r11", "r12", "lr", "5b") TCK_3X3_END
        "6:\n"
        "tst.w  r3, #1\n"
        "beq    7f\n"
        "ldmia.w sp, {r11, r12, lr}\n"
        "smlad  lr, r4, r7, lr\n"
        "smlad  lr, r5, r8, lr\n"
        "smlad  lr, r6, r11, lr\n" TCK_3X3_LOAD "smlabt lr, r4, r9, lr\n"
        "smlabt lr, r5, r10, lr\n"
        "smlabt lr, r6, r12, lr\n"
        "ldrd   r11, r12, [sp, #12]\n"
        "smmul  lr, lr, r11\n"
        "ssat   lr, #8, lr, asr #8\n"
        "strb   lr, [r2]\n"
        "add    r2, r2, r12\n"
        "add    r3, sp, #68\n"
        "ldmia.w r3, {r3, r11, r12, lr}\n"
        "7:\n"
        "bic    r3, r3, #3\n" TCK_3X3_NEXT_ROW("r3", "r11", "r12", "lr", "9b") "b      4b\n");
}

#else

TCK_SHARED void tck_depthwise_3x3_1(const uint32_t *plane, int32_t pitch, int8_t *output,
                                    int32_t channels, tck_depthwise_3x3_task task) {
    tck_depthwise_3x3_channels(plane, pitch, output, channels, task, 1);
}

#endif
#endif
