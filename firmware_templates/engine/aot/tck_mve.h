/* What the kernels for MVE (Helium, Armv8.1-M) share. Their loops are assembly; where the core has
 * no MVE the same functions are plain C, so that every kernel also runs, and is tested, on a PC. */
#ifndef TCK_MVE_H
#define TCK_MVE_H

#include "tck_simd.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define TCK_MVE 1
#else
#define TCK_MVE 0
#endif

/* Bytes in a vector. */
#define TCK_MVE_BYTES 16

/* Copies bytes, in vectors of 16 where there are. */
TCK_INLINE void tck_copy_mve(int8_t *to, const int8_t *from, int32_t count) {
#if TCK_MVE
    __asm__ volatile("wlstp.8 lr, %2, 2f\n"
                     "1:\n"
                     "vldrb.8 q0, [%1], #16\n"
                     "vstrb.8 q0, [%0], #16\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : "+&r"(to), "+&r"(from)
                     : "r"(count)
                     : "lr", "q0", "memory");
#else
    for (int32_t i = 0; i < count; ++i) {
        to[i] = from[i];
    }
#endif
}

TCK_INLINE void tck_fill_mve(int8_t *to, int32_t value, int32_t count) {
#if TCK_MVE
    __asm__ volatile("vdup.8 q0, %1\n"
                     "wlstp.8 lr, %2, 2f\n"
                     "1:\n"
                     "vstrb.8 q0, [%0], #16\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : "+&r"(to)
                     : "r"(value), "r"(count)
                     : "lr", "q0", "memory");
#else
    for (int32_t i = 0; i < count; ++i) {
        to[i] = (int8_t)value;
    }
#endif
}

/* What a lane does to a sum: a fitted line with the output's zero point in its addend. */
TCK_INLINE int32_t tck_fitted_lane_mve(int32_t sum, int32_t multiplier, int32_t addend,
                                       int32_t fraction_bits) {
    return tck_add_wrap(tck_high_mul(sum, multiplier), addend) >> fraction_bits;
}

/* The two roundings of tck_multiply_two_roundings by VQRDMULH and VRSHL: the latter rounds halves
 * upwards, so that 1 less goes in where the result is negative. 1 <= right_shift <= 31. */
TCK_INLINE int32_t tck_two_roundings_lane_mve(int32_t sum, int32_t multiplier,
                                              int32_t right_shift) {
    const int32_t product = tck_doubling_high_mul(sum, multiplier);
    const int64_t nudged = (int64_t)product + (product >> 31);
    return (int32_t)((nudged + (INT64_C(1) << (right_shift - 1))) >> right_shift);
}

#endif
