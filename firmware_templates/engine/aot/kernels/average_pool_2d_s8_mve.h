/* AVERAGE_POOL_2D on int8 for cores with MVE: eight channels at a time, summed in 16 bits. */
#ifndef TCK_AVERAGE_POOL_2D_S8_MVE_H
#define TCK_AVERAGE_POOL_2D_S8_MVE_H

#include "../tck_mve.h"
#include "pool_2d.h"

/* Channels that are summed together. */
#define TCK_POOL_LANES_MVE 8

/* Elements of a window, and how far apart their columns and rows are. */
typedef struct {
    int32_t rows;    /* 1 or more */
    int32_t columns; /* 1 or more; rows * columns is 255 at most */
    int32_t channels;
    int32_t pitch;
} tck_pool_window_mve;

/* Sums of eight channels of a window. */
TCK_INLINE void tck_pool_sums_mve(const tck_pool_window_mve *w, const int8_t *from, int16_t *sums) {
#if TCK_MVE
    int32_t rows = w->rows;
    const int8_t *at;
    __asm__ volatile("vmov.i32 q0, #0\n"
                     "1:\n"
                     "mov    %[at], %[from]\n"
                     "dls    lr, %[columns]\n"
                     "2:\n"
                     "vldrb.s16 q1, [%[at]]\n"
                     "add    %[at], %[at], %[channels]\n"
                     "vadd.i16 q0, q0, q1\n"
                     "le     lr, 2b\n"
                     "add    %[from], %[from], %[pitch]\n"
                     "subs   %[rows], %[rows], #1\n"
                     "bne    1b\n"
                     "vstrh.16 q0, [%[sums]]\n"
                     : [at] "=&l"(at), [from] "+&r"(from), [rows] "+&r"(rows)
                     : [columns] "r"(w->columns), [channels] "r"(w->channels),
                       [pitch] "r"(w->pitch), [sums] "r"(sums)
                     : "lr", "q0", "q1", "cc", "memory");
#else
    for (int32_t c = 0; c < TCK_POOL_LANES_MVE; ++c) {
        int32_t sum = 0;
        for (int32_t i = 0; i < w->rows * w->columns; ++i) {
            sum += from[i / w->columns * w->pitch + i % w->columns * w->channels + c];
        }
        sums[c] = (int16_t)sum;
    }
#endif
}

TCK_INLINE void tck_average_pool_2d_s8_mve_pixel(const tck_pool_2d_params *p,
                                                 const tck_pool_window *window, void *output) {
    const tck_pool_window_mve shape = {window->rows, window->columns, p->channels,
                                       p->input_width * p->channels};
    const int8_t *const from = (const int8_t *)window->first;
    int8_t *const to = (int8_t *)output;
    const int32_t count = window->rows * window->columns;
    for (int32_t c = 0; c < p->channels; c += TCK_POOL_LANES_MVE) {
        const int32_t begin = tck_min(c, p->channels - TCK_POOL_LANES_MVE);
        int16_t sums[TCK_POOL_LANES_MVE];
        tck_pool_sums_mve(&shape, from + begin, sums);
        for (int32_t i = 0; i < TCK_POOL_LANES_MVE; ++i) {
            to[begin + i] =
                (int8_t)tck_clamp(tck_rounded_average(sums[i], count), p->clamp_min, p->clamp_max);
        }
    }
}

/* input [N, H, W, C] -> output [N, H, W, C], 8 channels or more; where they are no whole eights the
 * last have some that come before. */
TCK_SHARED void tck_average_pool_2d_s8_mve(const tck_pool_2d_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_pool_2d(p, tck_average_pool_2d_s8_mve_pixel, 1, input, output);
}

#endif
