/* MAX_POOL_2D on int8 for cores with MVE: sixteen channels at a time. */
#ifndef TCK_MAX_POOL_2D_S8_MVE_H
#define TCK_MAX_POOL_2D_S8_MVE_H

#include "../../tck_mve.h"
#include "pool_2d.h"

/* A window, and how far apart its columns and rows are. */
typedef struct {
    int32_t rows;
    int32_t columns;
    int32_t channels;
    int32_t pitch;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_max_window_mve;

/* The largest of each of `count` channels, 16 at most, within the output's limits. */
#if TCK_MVE
TCK_NAKED void tck_max_s8_mve(const tck_max_window_mve *w __attribute__((unused)),
                              const int8_t *from __attribute__((unused)),
                              int8_t *to __attribute__((unused)),
                              int32_t count __attribute__((unused))) {
    __asm__ volatile("push   {r4, r5, r6, r7, r8, lr}\n"
                     "vctp.8 r3\n"
                     "ldmia  r0, {r4, r5, r6, r7, r8, r12}\n"
                     "vdup.8 q0, r8\n"
                     "vdup.8 q2, r12\n"
                     "1:\n"
                     "mov    r3, r1\n"
                     "dls    lr, r5\n"
                     "2:\n"
                     "vpst\n"
                     "vldrbt.8 q1, [r3]\n"
                     "add    r3, r3, r6\n"
                     "vmax.s8 q0, q0, q1\n"
                     "le     lr, 2b\n"
                     "add    r1, r1, r7\n"
                     "subs   r4, r4, #1\n"
                     "bne    1b\n"
                     "vmin.s8 q0, q0, q2\n"
                     "vpst\n"
                     "vstrbt.8 q0, [r2]\n"
                     "pop    {r4, r5, r6, r7, r8, pc}\n");
}
#else
static void tck_max_s8_mve(const tck_max_window_mve *w, const int8_t *from, int8_t *to,
                           int32_t count) {
    for (int32_t c = 0; c < count; ++c) {
        int32_t largest = w->clamp_min;
        for (int32_t i = 0; i < w->rows * w->columns; ++i) {
            const int32_t at = i / w->columns * w->pitch + i % w->columns * w->channels;
            largest = tck_max(largest, from[at + c]);
        }
        to[c] = (int8_t)tck_min(largest, w->clamp_max);
    }
}
#endif

TCK_INLINE void tck_max_pool_2d_s8_mve_pixel(const tck_pool_2d_params *p,
                                             const tck_pool_window *window, void *output) {
    const tck_max_window_mve shape = {window->rows, window->columns,
                                      p->channels,  p->input_width * p->channels,
                                      p->clamp_min, p->clamp_max};
    const int8_t *const from = (const int8_t *)window->first;
    for (int32_t c = 0; c < p->channels; c += TCK_MVE_BYTES) {
        tck_max_s8_mve(&shape, from + c, (int8_t *)output + c,
                       tck_min(p->channels - c, TCK_MVE_BYTES));
    }
}

/* input [N, H, W, C] -> output [N, H, W, C] */
TCK_SHARED void tck_max_pool_2d_s8_mve(const tck_pool_2d_params *p, const int8_t *input,
                                       int8_t *output) {
    tck_pool_2d(p, tck_max_pool_2d_s8_mve_pixel, 1, input, output);
}

#endif
