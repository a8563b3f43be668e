/* Complex numbers of two Q0.15, with the rounding of the reference's fixed-point FFT: halves
 * upwards after each product, sums modulo 2^16. */
#ifndef TCK_COMPLEX_Q15_H
#define TCK_COMPLEX_Q15_H

#include "../../tck_math.h"

typedef struct {
    int16_t re;
    int16_t im;
} tck_complex;

/* Numbers lie one after the other, real parts first. */
TCK_INLINE tck_complex tck_complex_at(const int16_t *numbers, int32_t index) {
    const tck_complex x = {numbers[2 * index], numbers[2 * index + 1]};
    return x;
}

TCK_INLINE void tck_complex_put(int16_t *numbers, int32_t index, tck_complex x) {
    numbers[2 * index] = x.re;
    numbers[2 * index + 1] = x.im;
}

/* 1 / 2 and 1 / 4, rounded down. */
#define TCK_Q15_HALF    16383
#define TCK_Q15_QUARTER 8191

TCK_INLINE int16_t tck_q15_rounded(int32_t product) {
    return (int16_t)((product + (1 << 14)) >> 15);
}

TCK_INLINE tck_complex tck_complex_scale(tck_complex x, int32_t factor) {
    const tck_complex scaled = {tck_q15_rounded(x.re * factor), tck_q15_rounded(x.im * factor)};
    return scaled;
}

/* `y` is a root of unity with parts of at most 32767 in magnitude, so that sums of products are
 * within int32_t. */
TCK_INLINE tck_complex tck_complex_multiply(tck_complex x, tck_complex y) {
    const tck_complex product = {tck_q15_rounded(x.re * y.re - x.im * y.im),
                                 tck_q15_rounded(x.re * y.im + x.im * y.re)};
    return product;
}

TCK_INLINE tck_complex tck_complex_add(tck_complex x, tck_complex y) {
    const tck_complex sum = {(int16_t)(x.re + y.re), (int16_t)(x.im + y.im)};
    return sum;
}

TCK_INLINE tck_complex tck_complex_subtract(tck_complex x, tck_complex y) {
    const tck_complex difference = {(int16_t)(x.re - y.re), (int16_t)(x.im - y.im)};
    return difference;
}

#endif
