/* ADD on int8 for cores with MVE, four elements at a time: the arithmetic of add_s8_dsp.h, with
 * roundings in place of its products with powers of two. */
#ifndef TCK_ADD_S8_MVE_H
#define TCK_ADD_S8_MVE_H

#include "../../../tck_mve.h"
#include "add_s8_dsp.h"

#if TCK_MVE

/* Both inputs, q0 and q1, to their sum in q0. */
#define TCK_ADD_SUM_MVE                                                                            \
    "vshl.i32 q0, q0, #21\n"                                                                       \
    "vadd.i32 q0, q0, q5\n"                                                                        \
    "vrmulh.s32 q0, q0, q2\n"                                                                      \
    "vshr.s32 q4, q0, #31\n"                                                                       \
    "vshl.i32 q1, q1, #19\n"                                                                       \
    "vadd.i32 q0, q0, q4\n"                                                                        \
    "vadd.i32 q1, q1, q6\n"                                                                        \
    "vrshl.s32 q0, %[shift_1]\n"                                                                   \
    "vadd.i32 q0, q0, q1\n"

#define TCK_ADD_EQUAL_SUM_MVE                                                                      \
    "vadd.i32 q0, q0, q1\n"                                                                        \
    "vshl.i32 q0, q0, #19\n"                                                                       \
    "vadd.i32 q0, q0, q6\n"

#define TCK_ADD_DOUBLE_MVE                                                                         \
    "vqrdmulh.s32 q0, q0, q3\n"                                                                    \
    "vshr.s32 q4, q0, #31\n"                                                                       \
    "vadd.i32 q0, q0, q4\n"                                                                        \
    "vrshl.s32 q0, %[shift]\n"                                                                     \
    "vadd.i32 q0, q0, q7\n"

/* `constants` are both multipliers, both offsets and the output's zero point. */
#define TCK_ADD_LOOP_MVE(sum, finish)                                                              \
    __asm__ volatile("ldr    lr, [%[constants]]\n"                                                 \
                     "vdup.32 q2, lr\n"                                                            \
                     "ldr    lr, [%[constants], #4]\n"                                             \
                     "vdup.32 q3, lr\n"                                                            \
                     "ldr    lr, [%[constants], #8]\n"                                             \
                     "vdup.32 q5, lr\n"                                                            \
                     "ldr    lr, [%[constants], #12]\n"                                            \
                     "vdup.32 q6, lr\n"                                                            \
                     "ldr    lr, [%[constants], #16]\n"                                            \
                     "vdup.32 q7, lr\n"                                                            \
                     "wlstp.32 lr, %[count], 2f\n"                                                 \
                     "1:\n"                                                                        \
                     "vldrb.s32 q0, [%[a]], #4\n"                                                  \
                     "vldrb.s32 q1, [%[b]], #4\n" sum finish "vqmovnb.s32 q0, q0\n"                \
                     "vqmovnb.s16 q0, q0\n"                                                        \
                     "vstrb.32 q0, [%[to]], #4\n"                                                  \
                     "letp   lr, 1b\n"                                                             \
                     "2:\n"                                                                        \
                     : [a] "+&l"(input_1), [b] "+&l"(input_2), [to] "+&l"(output)                  \
                     : [constants] "r"(constants), [count] "r"(p->count), [shift_1] "r"(shift_1),  \
                       [shift] "r"(shift)                                                          \
                     : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory")

/* Minus the right shift that a product with a power stands for, -2^(32 - shift). */
TCK_INLINE int32_t tck_add_shift_mve(int32_t power) {
    return power != 0 ? __builtin_ctz((unsigned)power) - 32 : 0;
}

#endif

/* All elements, by the loop of assembly that goes with `equal`. */
TCK_INLINE void tck_add_s8_mve(const tck_add_s8_dsp_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output, int32_t equal) {
#if TCK_MVE
    int8_t *const begin = output;
    const int32_t shift_1 = tck_add_shift_mve(p->power_1);
    const int32_t shift = tck_add_shift_mve(p->power);
    const int32_t constants[5] = {p->multiplier_1, p->multiplier, p->offset_1, p->offset_2,
                                  p->output_offset};
    if (equal) {
        TCK_ADD_LOOP_MVE(TCK_ADD_EQUAL_SUM_MVE, TCK_ADD_DOUBLE_MVE);
    } else {
        TCK_ADD_LOOP_MVE(TCK_ADD_SUM_MVE, TCK_ADD_DOUBLE_MVE);
    }
    tck_clamp_s8(begin, p->count, p->clamp_min, p->clamp_max);
#else
    tck_add_s8_dsp(p, input_1, input_2, output, equal);
#endif
}

#endif
