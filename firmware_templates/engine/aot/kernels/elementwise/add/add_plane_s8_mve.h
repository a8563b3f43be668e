/* ADD on int8 by one plane for cores with MVE: four elements at a time. */
#ifndef TCK_ADD_PLANE_S8_MVE_H
#define TCK_ADD_PLANE_S8_MVE_H

#include "../../../tck_mve.h"
#include "add_plane_s8.h"

/* inputs and output of `count` elements */
TCK_SHARED void tck_add_plane_s8_mve(const tck_add_plane_s8_params *p, const int8_t *input_1,
                                     const int8_t *input_2, int8_t *output) {
    int8_t *const begin = output;
#if TCK_MVE
    __asm__ volatile("vdup.32 q2, %[multiplier_1]\n"
                     "wlstp.32 lr, %[count], 2f\n"
                     "1:\n"
                     "vldrb.s32 q0, [%[a]], #4\n"
                     "vmlas.s32 q0, q2, %[addend]\n"
                     "vldrb.s32 q1, [%[b]], #4\n"
                     "vmla.s32 q0, q1, %[multiplier_2]\n"
                     "vshl.s32 q0, %[left_shift]\n"
                     "vqmovnb.s32 q0, q0\n"
                     "vqmovnb.s16 q0, q0\n"
                     "vstrb.32 q0, [%[to]], #4\n"
                     "letp   lr, 1b\n"
                     "2:\n"
                     : [a] "+&l"(input_1), [b] "+&l"(input_2), [to] "+&l"(output)
                     : [count] "r"(p->count), [multiplier_1] "r"(p->multiplier_1),
                       [multiplier_2] "r"(p->multiplier_2), [addend] "r"(p->addend),
                       [left_shift] "r"(-(int32_t)p->shift)
                     : "lr", "q0", "q1", "q2", "memory");
#else
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = tck_add_plane_s8_element(p, input_1[i], input_2[i]);
    }
#endif
    tck_clamp_s8(begin, p->count, p->clamp_min, p->clamp_max);
}

#endif
