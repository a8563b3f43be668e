/* Weights as indices into a codebook, for cores with MVE: indices of 2 and 4 bits are looked up 16
 * at a time in the codebook itself, without a table. */
#ifndef TCK_DECODE_LUT_GATHER_H
#define TCK_DECODE_LUT_GATHER_H

#include "../tck_mve.h"
#include "lut.h"

#if TCK_MVE

TCK_INLINE int32_t tck_lut_gathers(tck_lut lut) {
    return lut.bits == 2 || lut.bits == 4;
}

/* Four words at a time: bytes have two indices, whose weights are stored in turns. */
TCK_NAKED void tck_lut_gather_4_mve(const int8_t *book __attribute__((unused)),
                                    const uint32_t *words __attribute__((unused)),
                                    int32_t vectors __attribute__((unused)),
                                    int8_t *to __attribute__((unused))) {
    __asm__ volatile("push    {r4, lr}\n"
                     "dls     lr, r2\n"
                     "vmov.i8 q3, #15\n"
                     "1:\n"
                     "vldrb.8 q0, [r1], #16\n"
                     "vand    q1, q0, q3\n"
                     "vshr.u8 q2, q0, #4\n"
                     "vldrb.u8 q0, [r0, q1]\n"
                     "vldrb.u8 q1, [r0, q2]\n"
                     "vst20.8 {q0, q1}, [r3]\n"
                     "vst21.8 {q0, q1}, [r3]!\n"
                     "le      lr, 1b\n"
                     "pop     {r4, pc}\n");
}

/* Bytes have four indices. */
TCK_NAKED void tck_lut_gather_2_mve(const int8_t *book __attribute__((unused)),
                                    const uint32_t *words __attribute__((unused)),
                                    int32_t vectors __attribute__((unused)),
                                    int8_t *to __attribute__((unused))) {
    __asm__ volatile("push    {r4, lr}\n"
                     "vpush   {d8, d9, d10, d11}\n"
                     "dls     lr, r2\n"
                     "vmov.i8 q5, #3\n"
                     "1:\n"
                     "vldrb.8 q4, [r1], #16\n"
                     "vand    q3, q4, q5\n"
                     "vldrb.u8 q0, [r0, q3]\n"
                     "vshr.u8 q4, q4, #2\n"
                     "vand    q3, q4, q5\n"
                     "vldrb.u8 q1, [r0, q3]\n"
                     "vshr.u8 q4, q4, #2\n"
                     "vand    q3, q4, q5\n"
                     "vldrb.u8 q2, [r0, q3]\n"
                     "vshr.u8 q4, q4, #2\n"
                     "vldrb.u8 q3, [r0, q4]\n"
                     "vst40.8 {q0, q1, q2, q3}, [r3]\n"
                     "vst41.8 {q0, q1, q2, q3}, [r3]\n"
                     "vst42.8 {q0, q1, q2, q3}, [r3]\n"
                     "vst43.8 {q0, q1, q2, q3}, [r3]!\n"
                     "le      lr, 1b\n"
                     "vpop    {d8, d9, d10, d11}\n"
                     "pop     {r4, pc}\n");
}

/* As tck_lut_decode from the codebook, for what tck_lut_gathers. */
TCK_SHARED_FAST const uint32_t *tck_lut_gather(tck_lut lut, const int8_t *book,
                                               const uint32_t *words, int32_t count, int8_t *to) {
    const int32_t vectors = count / 4;
    const uint32_t *const end = words + count;
    if (vectors > 0 && lut.bits == 4) {
        tck_lut_gather_4_mve(book, words, vectors, to);
    } else if (vectors > 0) {
        tck_lut_gather_2_mve(book, words, vectors, to);
    }
    words += 4 * vectors;
    to += vectors * (4 * 32 / lut.bits);
    for (const uint32_t mask = (1U << lut.bits) - 1U; words != end; ++words) {
        for (uint32_t at = 0; at < 32; at += lut.bits) {
            *to++ = book[*words >> at & mask];
        }
    }
    return end;
}

#else

TCK_INLINE int32_t tck_lut_gathers(tck_lut lut) {
    (void)lut;
    return 0;
}

TCK_INLINE const uint32_t *tck_lut_gather(tck_lut lut, const int8_t *book, const uint32_t *words,
                                          int32_t count, int8_t *to) {
    return tck_lut_decode(lut, book, words, count, to);
}

#endif
#endif
