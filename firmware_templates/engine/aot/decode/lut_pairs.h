/* Products of weights that are indices into a codebook, for cores with the DSP extension: a table
 * in RAM has the weights of every pair of indices, of up to 5 bits, as two int16s, so that a load
 * and SMLAD take both. */
#ifndef TCK_DECODE_LUT_PAIRS_H
#define TCK_DECODE_LUT_PAIRS_H

#include "lut.h"

/* Writes the 1 << 2 * bits words of the table. The codebook has 1 << bits values. */
TCK_SHARED void tck_lut_pair_table(uint32_t bits, const int8_t *book, uint32_t *table) {
    const int8_t *const end = book + (1U << bits);
    for (const int8_t *second = book; second != end; ++second) {
        const uint32_t upper = (uint32_t)*second << 16;
        for (const int8_t *first = book; first != end; ++first) {
            *table++ = upper | ((uint32_t)*first & 0xFFFFU);
        }
    }
}

/* Writes inputs as pairs of int16s, and behind them pairs of 0 up to `end`. */
TCK_SHARED void tck_lut_pair_inputs(const int8_t *inputs, int32_t count, uint32_t *pairs,
                                    const uint32_t *end) {
    for (; count >= 2; count -= 2, inputs += 2) {
        *pairs++ = tck_pair(inputs[0], inputs[1]);
    }
    if (count > 0) {
        *pairs++ = tck_pair(inputs[0], 0);
    }
    while (pairs != end) {
        *pairs++ = 0;
    }
}

/* The products of 3 to 5 pairs of a word. */
TCK_INLINE int32_t tck_lut_pair_products(const uint32_t *table, uint32_t word, uint32_t bits,
                                         int32_t pairs, const uint32_t *inputs, int32_t sum) {
    const uint32_t mask = (1U << bits) - 1U;
    uint32_t a = word & mask, b = word >> bits & mask, c = word >> 2 * bits & mask;
    uint32_t d = pairs > 3 ? word >> 3 * bits & mask : 0;
    uint32_t e = pairs > 4 ? word >> 4 * bits & mask : 0;
    TCK_LUT_KNOWN(pairs, a, b, c, d, e);
    a = table[a];
    b = table[b];
    c = table[c];
    d = pairs > 3 ? table[d] : 0;
    e = pairs > 4 ? table[e] : 0;
    const uint32_t x = inputs[0], y = inputs[1], z = inputs[2];
    sum = tck_smlad(c, z, tck_smlad(b, y, tck_smlad(a, x, sum)));
    sum = pairs > 3 ? tck_smlad(d, inputs[3], sum) : sum;
    return pairs > 4 ? tck_smlad(e, inputs[4], sum) : sum;
}

/* The sum and the products of whole words, `pairs` pairs of so many bits in each. */
TCK_INLINE int32_t tck_lut_pair_words(const uint32_t *table, uint32_t bits, int32_t pairs,
                                      const uint32_t *words, const uint32_t *end,
                                      const uint32_t *inputs, int32_t sum) {
    for (; words != end; inputs += pairs) {
        sum = tck_lut_pair_products(table, *words++, bits, pairs, inputs, sum);
    }
    return sum;
}

/* The same of fours of pairs, which are of 4 bits or fewer. */
TCK_INLINE int32_t tck_lut_pair_fours(const uint32_t *table, uint32_t bits, const uint32_t *words,
                                      const uint32_t *end, const uint32_t *inputs, int32_t sum) {
    while (words != end) {
        uint32_t word = *words++;
        for (uint32_t left = 32; left > 0; left -= 4 * bits, word >>= 4 * bits, inputs += 4) {
            sum = tck_lut_pair_products(table, word, bits, 4, inputs, sum);
        }
    }
    return sum;
}

/* The sum and the products of whole words of indices with the inputs' pairs. */
TCK_SHARED_FAST int32_t tck_lut_pair_dot(uint32_t bits, const uint32_t *table,
                                         const uint32_t *words, const uint32_t *end,
                                         const uint32_t *inputs, int32_t sum) {
    if (TCK_LUT_HAS(1) && bits == 1) {
        return tck_lut_pair_fours(table, 2, words, end, inputs, sum);
    }
    if (TCK_LUT_HAS(2) && bits == 2) {
        return tck_lut_pair_fours(table, 4, words, end, inputs, sum);
    }
    if (TCK_LUT_HAS(3) && bits == 3) {
        return tck_lut_pair_words(table, 6, 5, words, end, inputs, sum);
    }
    if (TCK_LUT_HAS(4) && bits == 4) {
        return tck_lut_pair_words(table, 8, 4, words, end, inputs, sum);
    }
    return TCK_LUT_HAS(5) ? tck_lut_pair_words(table, 10, 3, words, end, inputs, sum) : sum;
}

#endif
