/* Sums of eight channels at a time for cores with MVE, in 16 bits. */
#ifndef TCK_SUMS_S8_MVE_H
#define TCK_SUMS_S8_MVE_H

#include "../../tck_mve.h"

/* Elements whose sum fits 16 bits, whatever they are. */
#define TCK_SUM_ELEMENTS_MVE 255

/* Channels that are summed together. */
#define TCK_SUM_LANES_MVE 8

/* Pixels of a window, and how far apart their columns and rows are. */
typedef struct {
    int32_t rows;    /* 1 or more */
    int32_t columns; /* 1 or more; rows * columns is 255 at most */
    int32_t channels;
    int32_t pitch;
} tck_sums_window_mve;

/* Sums of eight channels of a window. */
TCK_INLINE void tck_sums_s8_mve(const tck_sums_window_mve *w, const int8_t *from, int16_t *sums) {
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
    for (int32_t c = 0; c < TCK_SUM_LANES_MVE; ++c) {
        int32_t sum = 0;
        for (int32_t i = 0; i < w->rows * w->columns; ++i) {
            sum += from[i / w->columns * w->pitch + i % w->columns * w->channels + c];
        }
        sums[c] = (int16_t)sum;
    }
#endif
}

#endif
