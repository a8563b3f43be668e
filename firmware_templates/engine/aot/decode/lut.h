/* Weights as indices of 1 to 6 bits into a codebook. A table in RAM has the weights of all groups
 * of indices, four of 1 or 2 bits, two of 3 to 5 bits, one of 6. A word has as many groups as fit,
 * the first in the lowest bits. Every row begins with a word of its own. */
#ifndef TCK_DECODE_LUT_H
#define TCK_DECODE_LUT_H

#include "../tck_simd.h"

typedef struct {
    uint8_t bits;   /* of an index */
    uint8_t group;  /* indices in a group: 1, 2 or 4 */
    uint8_t groups; /* in a word */
} tck_lut;

/* Writes the group * (1 << bits * group) bytes of the table. The codebook has 1 << bits values. */
TCK_SHARED void tck_lut_table(tck_lut lut, const int8_t *book, int8_t *table) {
    const uint32_t mask = (1U << lut.bits) - 1U, last = (1U << lut.bits * lut.group) - 1U;
    for (uint32_t group = 0; group <= last; ++group) {
        uint32_t indices = group;
        for (int32_t left = lut.group; left > 0; --left, indices >>= lut.bits) {
            *table++ = book[indices & mask];
        }
    }
}

/* Writes the weights of whole words. */
TCK_INLINE void tck_lut_words(tck_lut lut, const int8_t *table, int32_t group,
                              const uint32_t *words, const uint32_t *end, int8_t *to) {
    const uint32_t bits = (uint32_t)(lut.bits * group), mask = (1U << bits) - 1U;
    for (; words != end; ++words) {
        uint32_t word = *words;
        for (int32_t left = lut.groups; left > 0; --left, word >>= bits, to += group) {
            const int8_t *const from = table + (word & mask) * (uint32_t)group;
            if (group == 4) {
                *(tck_halves *)(void *)to = *(const tck_halves *)(const void *)from;
            } else if (group == 2) {
                *(tck_uhalf *)(void *)to = *(const tck_uhalf *)(const void *)from;
            } else {
                *to = *from;
            }
        }
    }
}

/* Writes the weights of the next words to what begins on a word's boundary; returns the next row.
 */
TCK_SHARED_FAST const uint32_t *tck_lut_decode(tck_lut lut, const int8_t *table,
                                               const uint32_t *words, int32_t count, int8_t *to) {
    const uint32_t *const end = words + count;
    if (lut.group == 4) {
        tck_lut_words(lut, table, 4, words, end, to);
    } else if (lut.group == 2) {
        tck_lut_words(lut, table, 2, words, end, to);
    } else {
        tck_lut_words(lut, table, 1, words, end, to);
    }
    return end;
}

#endif
