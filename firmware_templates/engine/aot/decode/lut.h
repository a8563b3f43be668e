/* Weights as indices of 1 to 6 bits into a codebook. A table in RAM has the weights of all groups
 * of indices, four of 1 or 2 bits, two of 3 to 5 bits, one of 6. A word has as many groups as fit,
 * the first in the lowest bits. Every row begins with a word of its own. */
#ifndef TCK_DECODE_LUT_H
#define TCK_DECODE_LUT_H

#include "../tck_simd.h"

/* Bits of the indices that layers have, each as a bit: others take no code. */
#ifndef TCK_LUT_BITS
#define TCK_LUT_BITS 0x7EU
#endif

#define TCK_LUT_HAS(bits) ((TCK_LUT_BITS >> (bits)&1U) != 0)

typedef struct {
    uint8_t bits;  /* of an index */
    uint8_t group; /* indices in a group: 1, 2 or 4 */
} tck_lut;

/* Writes the weights of groups whose first index varies: `others` are the others' weights. */
TCK_INLINE void *tck_lut_entries(const int8_t *book, const int8_t *end, uint32_t others,
                                 int32_t group, void *table) {
    int8_t *to = table;
    for (; book != end; ++book, to += group) {
        const uint32_t weights = others | (uint8_t)*book;
        if (group == 4) {
            *(tck_halves *)(void *)to = weights;
        } else if (group == 2) {
            *(tck_uhalf *)(void *)to = (uint16_t)weights;
        } else {
            *to = *book;
        }
    }
    return to;
}

/* Writes the group * (1 << bits * group) bytes of the table. The codebook has 1 << bits values. */
TCK_SHARED void tck_lut_table(tck_lut lut, const int8_t *book, void *table) {
    const int8_t *const end = book + (1U << lut.bits);
    const uint32_t mask = (1U << lut.bits) - 1U, last = 1U << lut.bits * (lut.group - 1U);
    for (uint32_t group = 0; group < last; ++group) {
        const uint32_t first = (uint8_t)book[group & mask];
        if (lut.group == 4) {
            const uint32_t second = (uint8_t)book[group >> lut.bits & mask];
            const uint32_t third = (uint8_t)book[group >> 2U * lut.bits];
            const uint32_t others = first << 8 | second << 16 | third << 24;
            table = tck_lut_entries(book, end, others, 4, table);
        } else if (lut.group == 2) {
            table = tck_lut_entries(book, end, first << 8, 2, table);
        } else {
            table = tck_lut_entries(book, end, 0, 1, table);
        }
    }
}

/* Makes a compiler know all indices before the first is looked up: loads behind one another take
 * fewer cycles. */
#if TCK_THUMB2
#define TCK_LUT_KNOWN(groups, a, b, c, d, e)                                                       \
    do {                                                                                           \
        if ((groups) > 4) {                                                                        \
            __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));                             \
        } else if ((groups) > 3) {                                                                 \
            __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));                                      \
        } else {                                                                                   \
            __asm__("" : "+r"(a), "+r"(b), "+r"(c));                                               \
        }                                                                                          \
    } while (0)
#else
#define TCK_LUT_KNOWN(groups, a, b, c, d, e) ((void)0)
#endif

TCK_INLINE uint32_t tck_lut_load(const int8_t *table, uint32_t index, int32_t group) {
    const int8_t *const from = table + index * (uint32_t)group;
    if (group == 4) {
        return *(const tck_halves *)(const void *)from;
    }
    return group == 2 ? *(const tck_uhalf *)(const void *)from : (uint8_t)*from;
}

TCK_INLINE int8_t *tck_lut_store(int8_t *to, uint32_t weights, int32_t group) {
    if (group == 4) {
        *(tck_halves *)(void *)to = weights;
    } else if (group == 2) {
        *(tck_uhalf *)(void *)to = (uint16_t)weights;
    } else {
        *to = (int8_t)weights;
    }
    /* One store after the other: GCC 12 makes words of halves by more instructions than it saves.
     */
    __asm__ volatile("" ::: "memory");
    return to + group;
}

/* The weights of 3 to 5 groups of a word. */
TCK_INLINE int8_t *tck_lut_groups(const int8_t *table, uint32_t word, uint32_t bits, int32_t groups,
                                  int32_t group, int8_t *to) {
    const uint32_t mask = (1U << bits) - 1U;
    uint32_t a = word & mask, b = word >> bits & mask, c = word >> 2 * bits & mask;
    uint32_t d = groups > 3 ? word >> 3 * bits & mask : 0;
    uint32_t e = groups > 4 ? word >> 4 * bits & mask : 0;
    TCK_LUT_KNOWN(groups, a, b, c, d, e);
    a = tck_lut_load(table, a, group);
    b = tck_lut_load(table, b, group);
    c = tck_lut_load(table, c, group);
    d = groups > 3 ? tck_lut_load(table, d, group) : 0;
    e = groups > 4 ? tck_lut_load(table, e, group) : 0;
    to = tck_lut_store(to, a, group);
    to = tck_lut_store(to, b, group);
    to = tck_lut_store(to, c, group);
    to = groups > 3 ? tck_lut_store(to, d, group) : to;
    return groups > 4 ? tck_lut_store(to, e, group) : to;
}

/* Writes the weights of whole words, each with `parts` times as many groups of so many bits. */
TCK_INLINE void tck_lut_words(const int8_t *table, uint32_t bits, int32_t groups, int32_t group,
                              int32_t parts, const uint32_t *words, const uint32_t *end,
                              int8_t *to) {
    while (words != end) {
        const uint32_t word = *words++;
        to = tck_lut_groups(table, word, bits, groups, group, to);
        if (parts == 2) {
            to = tck_lut_groups(table, word >> 16, bits, groups, group, to);
        }
    }
}

/* Writes the weights of the next words to what begins on a word's boundary; returns the next row.
 */
TCK_SHARED_FAST const uint32_t *tck_lut_decode(tck_lut lut, const int8_t *table,
                                               const uint32_t *words, int32_t count, int8_t *to) {
    const uint32_t *const end = words + count;
    if (TCK_LUT_HAS(1) && lut.bits == 1) {
        tck_lut_words(table, 4, 4, 4, 2, words, end, to);
    } else if (TCK_LUT_HAS(2) && lut.bits == 2) {
        tck_lut_words(table, 8, 4, 4, 1, words, end, to);
    } else if (TCK_LUT_HAS(3) && lut.bits == 3) {
        tck_lut_words(table, 6, 5, 2, 1, words, end, to);
    } else if (TCK_LUT_HAS(4) && lut.bits == 4) {
        tck_lut_words(table, 8, 4, 2, 1, words, end, to);
    } else if (TCK_LUT_HAS(5) && lut.bits == 5) {
        tck_lut_words(table, 10, 3, 2, 1, words, end, to);
    } else if (TCK_LUT_HAS(6)) {
        tck_lut_words(table, 6, 5, 1, 1, words, end, to);
    }
    return end;
}

#endif
