/* SOFTMAX on int8 to int8 at scale 1/256, zero point -128; the exponentials are computed, which
 * takes less flash than a table and more time. */
#ifndef TCK_SOFTMAX_SERIES_S8_REF_H
#define TCK_SOFTMAX_SERIES_S8_REF_H

#include "softmax_s8.h"

/* One copy for all products of the series. */
TCK_SMALL int32_t tck_softmax_s8_product(int32_t x, int32_t y) {
    return tck_doubling_high_mul(x, y);
}

/* A Taylor series around -1/8 for what is left of the last quarter, then one factor for every bit
 * above. */
TCK_SMALL int32_t tck_softmax_s8_series(const tck_softmax_s8_params *p, int32_t difference) {
    /* exp(-2^(i - 2)) as a Q0.31. */
    static const int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308,
                                     39332535,   720401,     242};
    const int32_t minus_eighth = 1895147668, third = 715827883; /* exp(-1/8), 1/3 */
    const int32_t quarter = INT32_C(1) << 24;
    const int32_t x =
        tck_softmax_s8_product(tck_shift_left_wrap(-difference, p->left_shift), p->multiplier);
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t rest = (x & (quarter - 1)) - quarter;
    const int32_t above = rest - x;
    const int32_t a = rest * 32 + (INT32_C(1) << 28);
    const int32_t a2 = tck_softmax_s8_product(a, a);
    const int32_t a3 = tck_softmax_s8_product(a2, a);
    const int32_t a4 = tck_softmax_s8_product(a2, a2);
    const int32_t cubes = tck_rounding_divide_by_pot(a4, 2) + a3;
    const int32_t tail = tck_softmax_s8_product(cubes, third) + a2;
    const int32_t series = a + tck_rounding_divide_by_pot(tail, 1);
    int32_t result = minus_eighth + tck_softmax_s8_product(minus_eighth, series);
    for (int32_t i = 0; i < (int32_t)(sizeof powers / sizeof powers[0]); ++i) {
        if ((above & (quarter << i)) != 0) {
            result = tck_softmax_s8_product(result, powers[i]);
        }
    }
    return result;
}

TCK_SMALL void tck_softmax_series_s8_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                         int8_t *output) {
    tck_softmax_s8(p, tck_softmax_s8_series, input, output, 1);
}

#endif
