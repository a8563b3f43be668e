/* SignalFilterBankSquareRoot on uint64. */
#ifndef TCK_SIGNAL_FILTER_BANK_SQUARE_ROOT_U64_REF_H
#define TCK_SIGNAL_FILTER_BANK_SQUARE_ROOT_U64_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
} tck_signal_filter_bank_square_root_params;

/* Digits of two bits from the highest to the lowest, as on paper: what of the root is known, and
 * what is left of the number. */
typedef struct {
    uint32_t root;
    uint32_t rest;
} tck_signal_root;

TCK_INLINE tck_signal_root tck_signal_next_digit(tck_signal_root known, uint32_t digit) {
    const uint32_t rest = (known.rest << 2) | digit;
    const uint32_t trial = (known.root << 2) | 1U;
    const uint32_t taken = rest >= trial ? 1U : 0U;
    const tck_signal_root next = {(known.root << 1) | taken, taken != 0 ? rest - trial : rest};
    return next;
}

/* The lowest `digits` digits of a word. */
TCK_INLINE tck_signal_root tck_signal_digits(tck_signal_root known, uint32_t word, int32_t digits) {
    for (int32_t shift = 2 * digits - 2; shift >= 0; shift -= 2) {
        known = tck_signal_next_digit(known, (word >> shift) & 3U);
    }
    return known;
}

/* Where the root needs more than 29 bits, what is left of the number needs more than 32. */
TCK_INLINE uint32_t tck_signal_long_root(uint64_t x) {
    uint64_t root = 0;
    uint64_t rest = 0;
    for (int32_t shift = 62; shift >= 0; shift -= 2) {
        rest = (rest << 2) | ((x >> shift) & 3U);
        const uint64_t trial = (root << 2) | 1U;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1U;
        }
    }
    return (uint32_t)root + (rest > root && root != UINT32_MAX ? 1U : 0U);
}

/* The square root to nearest, at most 2^16 - 1 of 32 bits. */
TCK_SMALL uint32_t tck_signal_square_root(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    if (high >= 1U << 26) {
        return tck_signal_long_root(x);
    }
    tck_signal_root known = {0, 0};
    uint32_t largest = UINT16_MAX;
    if (high != 0) {
        known = tck_signal_digits(known, high, 16 - __builtin_clz(high) / 2);
        largest = UINT32_MAX;
    }
    known = tck_signal_digits(known, (uint32_t)x, 16);
    return known.root + (known.rest > known.root && known.root != largest ? 1U : 0U);
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
