/* One element of DIV. */
#ifndef TCK_DIV_H
#define TCK_DIV_H

#include "binary.h"

/* What three Newton steps that wrap make of a divisor of zero, and its leading zeros. */
#define TCK_DIV_ZERO_RECIPROCAL (-1515870800)
#define TCK_DIV_ZERO_BITS       32

/* Bits after the sign that equal it. */
TCK_INLINE int32_t tck_div_headroom(int32_t x) {
    const int32_t magnitude = x < 0 ? -(x + 1) : x;
    return magnitude == 0 ? 31 : tck_leading_zeros(magnitude) - 1;
}

/* As tck_rounding_divide_by_pot for exponents up to 31. Beyond, where quotients are small against
 * the output's scale, C++ leaves undefined what the references do; this is what x86 makes of it,
 * whose shifts take the exponent modulo the word's bits: 0 becomes 1, other numbers keep some. */
TCK_INLINE int32_t tck_div_shifted(int32_t x, int32_t exponent) {
    const int32_t kept = exponent & 63;
    const uint32_t mask = kept < 32 ? (UINT32_C(1) << kept) - 1U : UINT32_MAX;
    const int32_t threshold = ((int32_t)mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> (exponent & 31)) + ((int32_t)((uint32_t)x & mask) > threshold ? 1 : 0);
}

TCK_INLINE int32_t tck_div_element(const tck_binary_params *p, int32_t a, int32_t b) {
    const int32_t sign = b + p->offset_2 < 0 ? -1 : 1;
    const int32_t dividend = sign * (a + p->offset_1);
    const int32_t divisor = sign * (b + p->offset_2);
    int32_t zeros = TCK_DIV_ZERO_BITS, reciprocal = TCK_DIV_ZERO_RECIPROCAL;
    if (divisor != 0) {
        zeros = tck_leading_zeros(divisor);
        const uint32_t fraction = ((uint32_t)divisor << zeros) - (UINT32_C(1) << 31);
        reciprocal = tck_one_over_one_plus_x((int32_t)fraction);
    }
    const int32_t headroom = tck_div_headroom(dividend);
    const int32_t quotient =
        tck_doubling_high_mul(tck_shift_left_wrap(dividend, headroom), reciprocal);
    const int32_t product = tck_doubling_high_mul(quotient, p->output_multiplier);
    /* Not below 0, as the host has seen to. */
    const int32_t right = 31 - zeros + headroom - p->output_shift;
    return tck_binary_store(p, tck_div_shifted(product, right));
}

#endif
