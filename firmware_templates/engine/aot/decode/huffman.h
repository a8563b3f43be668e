/* Weights by a canonical Huffman code with codes of up to 10 bits, by a table that yields as many
 * of them per look-up, up to three, as fit its bits. The code goes on over the ends of rows. */
#ifndef TCK_DECODE_HUFFMAN_H
#define TCK_DECODE_HUFFMAN_H

#include <stddef.h>

#include "bits.h"

#define TCK_HUFFMAN_LONGEST 10

typedef struct {
    tck_bits bits;
    const uint32_t *table; /* of tck_huffman_table */
    int32_t longest;       /* bits of a code */
    int32_t ahead;         /* how many of the next weights are known already */
    int8_t next[2];
} tck_huffman;

/* A walk over the codes of a description, shorter ones first. It has the number of codes of each
 * length, from 1 bit to the longest, then the weights in the order of their codes. */
typedef struct {
    const uint8_t *counts; /* of codes one bit longer, and so on */
    const uint8_t *weights;
    uint32_t length; /* of the codes that come */
    uint32_t left;
} tck_huffman_codes;

/* Goes on to the next code, if there is one of up to `most` bits. */
TCK_INLINE int32_t tck_huffman_next(tck_huffman_codes *codes, uint32_t most) {
    while (codes->left == 0) {
        if (codes->length >= most) {
            return 0;
        }
        ++codes->length;
        codes->left = *codes->counts++;
    }
    --codes->left;
    return 1;
}

/* An entry with the weight of the next code as well, which is its first, second or third. */
TCK_INLINE uint32_t tck_huffman_with(uint32_t entry, tck_huffman_codes *codes, uint32_t which) {
    const uint32_t weight = *codes->weights++;
    return entry + (weight << 8 * which | codes->length << 24 | 1U << 28);
}

TCK_INLINE uint32_t *tck_huffman_fill(uint32_t *table, const uint32_t *end, uint32_t entry) {
    while (table != end) {
        *table++ = entry;
    }
    return table;
}

/* Fills entries whose first two weights are known by what `bits` bits behind these can be. Codes
 * only get longer: what is filled is always a multiple of what comes next. */
TCK_INLINE uint32_t *tck_huffman_thirds(tck_huffman_codes codes, uint32_t bits, uint32_t entry,
                                        uint32_t *table, const uint32_t *end) {
    while (table != end && tck_huffman_next(&codes, bits)) {
        const uint32_t *const same = table + (1U << (bits - codes.length));
        table = tck_huffman_fill(table, same, tck_huffman_with(entry, &codes, 2));
    }
    return tck_huffman_fill(table, end, entry);
}

TCK_INLINE uint32_t *tck_huffman_seconds(tck_huffman_codes codes, uint32_t bits, uint32_t entry,
                                         uint32_t *table, const uint32_t *end) {
    const tck_huffman_codes first = codes;
    while (table != end && tck_huffman_next(&codes, bits)) {
        const uint32_t left = bits - codes.length, two = tck_huffman_with(entry, &codes, 1);
        const uint32_t *const same = table + (1U << left);
        /* Most leave too few bits for another code. */
        table = left > first.length ? tck_huffman_thirds(first, left, two, table, same)
                                    : tck_huffman_fill(table, same, two);
    }
    return tck_huffman_fill(table, end, entry);
}

/* Entries have up to three weights in bytes 0 to 2; in the halves of byte 3 the bits of all, low,
 * and how many weights there are. Whatever a description says, all entries are written and none
 * else, and each has one weight at least and up to `longest` bits. */
TCK_SHARED_FAST void tck_huffman_table(const uint8_t *description, int32_t longest,
                                       uint32_t *table) {
    const uint32_t bits = (uint32_t)longest;
    const uint32_t *const end = table + ((size_t)1 << bits);
    tck_huffman_codes first = {description, description + longest, 0, 0};
    while (first.length < bits && *first.counts == 0) {
        ++first.counts;
        ++first.length;
    }
    tck_huffman_codes codes = first;
    while (table != end && tck_huffman_next(&codes, bits)) {
        const uint32_t left = bits - codes.length, one = tck_huffman_with(0, &codes, 0);
        table = tck_huffman_seconds(first, left, one, table, table + (1U << left));
    }
    tck_huffman_fill(table, end, bits << 24 | 1U << 28);
}

TCK_INLINE tck_huffman tck_huffman_from(const void *stream, const uint32_t *table,
                                        int32_t longest) {
    const tck_huffman huffman = {tck_bits_from(stream), table, longest, 0, {0, 0}};
    return huffman;
}

/* Looks weights up until `end` is reached, once at least; returns where it ended, there or up to
 * two behind. */
#if TCK_THUMB2

/* What is read at once is enough for two look-ups. */
#define TCK_HUFFMAN_READ                                                                           \
    "lsr    %[entry], %[at], #3\n"                                                                 \
    "and    %[length], %[at], #7\n"                                                                \
    "ldr    %[bits], [%[stream], %[entry]]\n"                                                      \
    "rev    %[bits], %[bits]\n"                                                                    \
    "lsl    %[bits], %[bits], %[length]\n"                                                         \
    "lsr    %[entry], %[bits], %[shift]\n"                                                         \
    "ldr    %[entry], [%[table], %[entry], lsl #2]\n"

#define TCK_HUFFMAN_WEIGHTS                                                                        \
    "ubfx   %[length], %[entry], #24, #4\n"                                                        \
    "str    %[entry], [%[to]]\n"                                                                   \
    "add    %[to], %[to], %[entry], lsr #28\n"

TCK_INLINE int8_t *tck_huffman_look_up(tck_huffman *h, int8_t *to, const int8_t *end) {
    uint32_t entry, bits, length;
    /* Two look-ups as long as the second one is needed for sure. */
    const int8_t *const twos_end = end - (end - to > 3 ? 3 : end - to);
    __asm__ volatile("b      2f\n"
                     ".balign 4\n"
                     "1:\n" TCK_HUFFMAN_READ TCK_HUFFMAN_WEIGHTS
                     "lsl    %[bits], %[bits], %[length]\n"
                     "lsr    %[entry], %[bits], %[shift]\n"
                     "add    %[at], %[at], %[length]\n"
                     "ldr    %[entry], [%[table], %[entry], lsl #2]\n" TCK_HUFFMAN_WEIGHTS
                     "add    %[at], %[at], %[length]\n"
                     "2:\n"
                     "cmp    %[to], %[twos_end]\n"
                     "blo    1b\n"
                     "cmp    %[to], %[end]\n"
                     "bhs    4f\n"
                     "3:\n" TCK_HUFFMAN_READ TCK_HUFFMAN_WEIGHTS "add    %[at], %[at], %[length]\n"
                     "cmp    %[to], %[end]\n"
                     "blo    3b\n"
                     "4:\n"
                     : [to] "+&r"(to), [at] "+&r"(h->bits.at), [bits] "=&r"(bits),
                       [entry] "=&r"(entry), [length] "=&r"(length)
                     : [stream] "r"(h->bits.stream), [table] "r"(h->table),
                       [shift] "r"(32 - h->longest), [twos_end] "r"(twos_end), [end] "r"(end)
                     : "cc", "memory");
    return to;
}

#else

/* Writes the weights of an entry; returns where the next ones go. */
TCK_INLINE int8_t *tck_huffman_weights(tck_huffman *h, uint32_t entry, int8_t *to) {
    to[0] = (int8_t)(entry & 0xFFU);
    to[1] = (int8_t)(entry >> 8 & 0xFFU);
    to[2] = (int8_t)(entry >> 16 & 0xFFU);
    tck_bits_drop(&h->bits, entry >> 24 & 0xFU);
    return to + (entry >> 28);
}

TCK_INLINE int8_t *tck_huffman_look_up(tck_huffman *h, int8_t *to, const int8_t *end) {
    const int32_t shift = 32 - h->longest;
    do {
        const uint32_t bits = tck_bits_next(&h->bits);
        const uint32_t entry = h->table[bits >> shift];
        to = tck_huffman_weights(h, entry, to);
        if (TCK_BITS_KNOWN >= 2 * TCK_HUFFMAN_LONGEST && to < end) {
            to = tck_huffman_weights(h, h->table[bits << (entry >> 24 & 0xFU) >> shift], to);
        }
    } while (to < end);
    return to;
}

#endif

/* Writes the next `count` weights, 1 or more, to what has room for three more. */
TCK_INLINE void tck_huffman_row(tck_huffman *h, int8_t *to, int32_t count) {
    int8_t *const end = to + count;
    to[0] = h->next[0];
    to[1] = h->next[1];
    to += h->ahead;
    if (to < end) {
        to = tck_huffman_look_up(h, to, end);
    }
    h->ahead = (int32_t)(to - end);
    h->next[0] = end[0];
    h->next[1] = end[1];
}

TCK_SHARED_FAST void tck_huffman_decode(tck_huffman *huffman, int8_t *to, int32_t count) {
    tck_huffman_row(huffman, to, count);
}

#endif
