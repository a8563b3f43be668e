/* Sigmoid and tanh of int16 by linear interpolation in one table of 256 sigmoids. */
#ifndef TCK_LUT_S16_H
#define TCK_LUT_S16_H

#include "../../tck_math.h"

#define TCK_LUT_S16_LAST 255

typedef struct {
    int32_t count;
    int32_t multiplier; /* from a stored value to a position, times 2^shift */
    int32_t shift;
    const uint16_t *table; /* [256]: sigmoid of i / 24 as a Q0.16 */
} tck_lut_s16_params;

/* Where a stored value lies, in steps of 1 / (3 * 2^12). */
TCK_INLINE int32_t tck_lut_s16_position(const tck_lut_s16_params *p, int32_t stored) {
    const int32_t half = p->shift > 0 ? INT32_C(1) << (p->shift - 1) : 0;
    return tck_add_wrap(stored * p->multiplier, half) >> p->shift;
}

/* Sigmoid of x / (3 * 2^12) as a Q0.15; table [256]: sigmoid of i / 24 as a Q0.16. */
TCK_INLINE int16_t tck_sigmoid_s16(int32_t x, const uint16_t *table) {
    const uint32_t magnitude = x < 0 ? (uint32_t)-x : (uint32_t)x;
    const uint32_t index = magnitude >> 9;
    uint32_t value = UINT32_C(0x7FFF) << 10;
    if (index < TCK_LUT_S16_LAST) {
        const uint32_t low = table[index];
        value = (low << 9) + (magnitude & 0x1FFU) * (table[index + 1] - low);
    }
    value = x >= 0 ? value + (1U << 9) : (1U << 25) - value + (1U << 9) - 1;
    return (int16_t)(value >> 10);
}

/* Tanh of x / (3 * 2^12) as a Q0.15, by 2 sigmoid(2 x) - 1. */
TCK_INLINE int16_t tck_tanh_s16(int32_t x, const uint16_t *table) {
    const uint32_t magnitude = x < 0 ? (uint32_t)-x : (uint32_t)x;
    const uint32_t index = magnitude >> 8;
    int32_t value = 0xFFFF << 8;
    if (index < TCK_LUT_S16_LAST) {
        const uint32_t low = table[index];
        value = (int32_t)((low << 8) + (magnitude & 0xFFU) * (table[index + 1] - low));
    }
    const int32_t one = 1 << 23;
    value = x >= 0 ? value - one + (1 << 7) : one - value + (1 << 7) - 1;
    return (int16_t)(value >> 8);
}

#endif
