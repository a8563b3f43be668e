/* Weights by a canonical Huffman code with codes of up to 10 bits, by a table that yields two of
 * them per look-up where two fit its bits. The code goes on over the ends of rows. */
#ifndef TCK_DECODE_HUFFMAN_H
#define TCK_DECODE_HUFFMAN_H

#include "../tck_simd.h"
#include "bits.h"
#include "canonical.h"

typedef struct {
    tck_bits bits;
    const uint32_t *table; /* of tck_huffman_table */
    int32_t longest;       /* bits of a code */
    int32_t ahead;         /* whether the next weight is known already */
    int8_t next;
} tck_huffman;

/* Entries have one weight in byte 0, the second in byte 1, the bits of both in the low half of byte
 * 2, those of the first in the high half, and in byte 3 how many weights there are. */
TCK_SHARED_FAST void tck_huffman_table(const uint16_t *codes, int32_t longest, uint32_t *table) {
    const uint32_t last = (1U << longest) - 1U;
    tck_canonical_table(codes, longest, 0, table);
    for (uint32_t i = 0; i <= last; ++i) {
        const uint32_t entry = table[i];
        table[i] =
            (entry & 0xFFU) | (entry >> 8 & 0xFU) << 20 | (entry >> 8 & 0xFU) << 16 | 1U << 24;
    }
    for (uint32_t i = 0; i <= last; ++i) {
        /* What an entry says of its first weight stays as it is when it gets a second. */
        const uint32_t first = table[i] >> 20 & 0xFU;
        const uint32_t other = table[i << first & last];
        const uint32_t both = first + (other >> 20 & 0xFU);
        if (both <= (uint32_t)longest) {
            table[i] = (table[i] & 0xF000FFU) | (other & 0xFFU) << 8 | both << 16 | 2U << 24;
        }
    }
}

TCK_INLINE tck_huffman tck_huffman_from(const uint16_t *stream, const uint32_t *table,
                                        int32_t longest) {
    const tck_huffman huffman = {tck_bits_from(stream), table, longest, 0, 0};
    return huffman;
}

/* Looks weights up until `end` is reached, once at least; returns where it ended, one behind `end`
 * or there. */
#if TCK_THUMB2

TCK_INLINE int8_t *tck_huffman_look_up(tck_huffman *h, int8_t *to, const int8_t *end) {
    uint32_t entry, bits;
    tck_bits_fill(&h->bits);
    /* Counts what is known beyond 16 bits; makes them known again as soon as they are fewer. */
    int32_t more = h->bits.count - 16;
    __asm__ volatile("1:\n"
                     "lsr    %[entry], %[buffer], %[shift]\n"
                     "ldr    %[entry], [%[table], %[entry], lsl #2]\n"
                     "ubfx   %[bits], %[entry], #16, #4\n"
                     "strh   %[entry], [%[to]]\n"
                     "add    %[to], %[to], %[entry], lsr #24\n"
                     "lsl    %[buffer], %[buffer], %[bits]\n"
                     "subs   %[more], %[more], %[bits]\n"
                     "bmi    3f\n"
                     "2:\n"
                     "cmp    %[to], %[end]\n"
                     "blo    1b\n"
                     "b      4f\n"
                     "3:\n"
                     "ldrh   %[entry], [%[next]], #2\n"
                     "rsb    %[bits], %[more], #0\n"
                     "add    %[more], %[more], #16\n"
                     "lsl    %[entry], %[entry], %[bits]\n"
                     "orr    %[buffer], %[buffer], %[entry]\n"
                     "cmp    %[to], %[end]\n"
                     "blo    1b\n"
                     "4:\n"
                     : [to] "+&r"(to), [buffer] "+&r"(h->bits.buffer), [more] "+&r"(more),
                       [next] "+&r"(h->bits.next), [entry] "=&r"(entry), [bits] "=&r"(bits)
                     : [table] "r"(h->table), [shift] "r"(32 - h->longest), [end] "r"(end)
                     : "cc", "memory");
    h->bits.count = more + 16;
    return to;
}

#else

TCK_INLINE int8_t *tck_huffman_look_up(tck_huffman *h, int8_t *to, const int8_t *end) {
    do {
        tck_bits_fill(&h->bits);
        const uint32_t entry = h->table[h->bits.buffer >> (32 - h->longest)];
        to[0] = (int8_t)(entry & 0xFFU);
        to[1] = (int8_t)(entry >> 8 & 0xFFU);
        to += entry >> 24;
        tck_bits_drop(&h->bits, entry >> 16 & 0xFU);
    } while (to < end);
    return to;
}

#endif

/* Writes the next `count` weights, 1 or more, to what has room for one more. */
TCK_SHARED_FAST void tck_huffman_decode(tck_huffman *huffman, int8_t *to, int32_t count) {
    tck_huffman h = *huffman;
    int8_t *const end = to + count;
    if (h.ahead != 0) {
        *to++ = h.next;
    }
    if (to < end) {
        to = tck_huffman_look_up(&h, to, end);
    }
    h.ahead = to != end;
    h.next = *end;
    *huffman = h;
}

#endif
