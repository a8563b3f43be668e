/* SignalFilterBankSquareRoot on uint64. */
#ifndef TCK_SIGNAL_FILTER_BANK_SQUARE_ROOT_U64_REF_H
#define TCK_SIGNAL_FILTER_BANK_SQUARE_ROOT_U64_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
} tck_signal_filter_bank_square_root_params;

/* The square root to nearest of `digits` digits of two bits, at most `largest`; digit by digit, as
 * on paper. */
TCK_INLINE uint32_t tck_signal_root(uint64_t x, int32_t digits, uint32_t largest) {
    uint64_t root = 0;
    uint64_t rest = 0;
    for (int32_t digit = digits - 1; digit >= 0; --digit) {
        rest = (rest << 2) | ((x >> (2 * digit)) & 3U);
        const uint64_t trial = (root << 2) | 1U;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1U;
        }
    }
    return (uint32_t)root + (rest > root && root != largest ? 1U : 0U);
}

TCK_SMALL uint32_t tck_signal_square_root(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    if (high != 0) {
        return tck_signal_root(x, 32 - __builtin_clz(high) / 2, UINT32_MAX);
    }
    const uint32_t low = (uint32_t)x;
    return low == 0 ? 0U : tck_signal_root(low, 16 - __builtin_clz(low) / 2, UINT16_MAX);
}

/* bits: a single number, by how much the roots are shifted; modulo 32 as on the oracle's machine */
TCK_KERNEL void
tck_signal_filter_bank_square_root_u64_ref(const tck_signal_filter_bank_square_root_params *p,
                                           const uint64_t *input, const int32_t *bits,
                                           uint32_t *output) {
    const uint32_t shift = (uint32_t)*bits & 31U;
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = tck_signal_square_root(input[i]) >> shift;
    }
}

#endif
