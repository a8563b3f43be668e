/* Weights by a canonical Huffman code with codes of up to 10 bits, by a table that yields as many
 * of them per look-up, up to three, as fit its bits. The code goes on over the ends of rows. */
#ifndef TCK_DECODE_HUFFMAN_H
#define TCK_DECODE_HUFFMAN_H

#include "../tck_simd.h"
#include "bits.h"
#include "canonical.h"

typedef struct {
    tck_bits bits;
    const uint32_t *table; /* of tck_huffman_table */
    int32_t longest;       /* bits of a code */
    int32_t ahead;         /* how many of the next weights are known already */
    int8_t next[2];
} tck_huffman;

/* Puts up to three weights into the entry of what the next bits are. */
TCK_INLINE void tck_huffman_entry(uint32_t *table, uint32_t last, uint32_t index,
                                  uint32_t longest) {
    uint32_t weights = 0, count = 0, bits = 0;
    for (; count < 3; ++count) {
        const uint32_t code = table[index << bits & last];
        const uint32_t more = bits + (code >> 8 & 0xFU);
        if (more > longest) {
            break;
        }
        weights |= (code & 0xFFU) << 8 * count;
        bits = more;
    }
    table[index] = weights | bits << 24 | count << 28;
}

/* Entries have up to three weights in bytes 0 to 2; in the halves of byte 3 the bits of all, low,
 * and how many weights there are. */
TCK_SHARED_FAST void tck_huffman_table(const uint16_t *codes, int32_t longest, uint32_t *table) {
    const uint32_t last = (1U << longest) - 1U;
    tck_canonical_table(codes, longest, 0, table);
    /* What follows a code is where an index has been shifted: it has more zeros at its end. So
     * those with few come first, 0 last, as what is made must not be read again. */
    for (uint32_t step = 1; step <= last; step <<= 1) {
        for (uint32_t i = step; i <= last; i += 2 * step) {
            tck_huffman_entry(table, last, i, (uint32_t)longest);
        }
    }
    tck_huffman_entry(table, last, 0, (uint32_t)longest);
}

TCK_INLINE tck_huffman tck_huffman_from(const uint16_t *stream, const uint32_t *table,
                                        int32_t longest) {
    const tck_huffman huffman = {tck_bits_from(stream), table, longest, 0, {0, 0}};
    return huffman;
}

/* Looks weights up until `end` is reached, once at least; returns where it ended, there or up to
 * two behind. */
#if TCK_THUMB2

/* One look-up; leaves at `refill` when fewer than 16 bits are left. */
#define TCK_HUFFMAN_LOOK_UP(refill)                                                                \
    "lsr    %[entry], %[buffer], %[shift]\n"                                                       \
    "ldr    %[entry], [%[table], %[entry], lsl #2]\n"                                              \
    "ubfx   %[bits], %[entry], #24, #4\n"                                                          \
    "str    %[entry], [%[to]]\n"                                                                   \
    "add    %[to], %[to], %[entry], lsr #28\n"                                                     \
    "lsl    %[buffer], %[buffer], %[bits]\n"                                                       \
    "subs   %[more], %[more], %[bits]\n"                                                           \
    "bmi    " refill "\n"

#define TCK_HUFFMAN_REFILL                                                                         \
    "ldrh   %[entry], [%[next]], #2\n"                                                             \
    "rsb    %[bits], %[more], #0\n"                                                                \
    "add    %[more], %[more], #16\n"                                                               \
    "lsl    %[entry], %[entry], %[bits]\n"                                                         \
    "orr    %[buffer], %[buffer], %[entry]\n"

TCK_INLINE int8_t *tck_huffman_look_up(tck_huffman *h, int8_t *to, const int8_t *end) {
    uint32_t entry, bits;
    tck_bits_fill(&h->bits);
    /* Counts what is known beyond 16 bits; makes them known again as soon as they are fewer. */
    int32_t more = h->bits.count - 16;
    /* Two look-ups as long as the second one is needed for sure. */
    const int8_t *const twos_end = end - (end - to > 3 ? 3 : end - to);
    __asm__ volatile("b      3f\n"
                     "1:\n" TCK_HUFFMAN_LOOK_UP("5f") /**/
                     "2:\n" TCK_HUFFMAN_LOOK_UP("6f") /**/
                     "3:\n"
                     "cmp    %[to], %[twos_end]\n"
                     "blo    1b\n"
                     "4:\n"
                     "cmp    %[to], %[end]\n"
                     "bhs    8f\n" TCK_HUFFMAN_LOOK_UP("7f") /**/
                     "b      4b\n"
                     "5:\n" TCK_HUFFMAN_REFILL "b      2b\n"
                     "6:\n" TCK_HUFFMAN_REFILL "b      3b\n"
                     "7:\n" TCK_HUFFMAN_REFILL "b      4b\n"
                     "8:\n"
                     : [to] "+&r"(to), [buffer] "+&r"(h->bits.buffer), [more] "+&r"(more),
                       [next] "+&r"(h->bits.next), [entry] "=&r"(entry), [bits] "=&r"(bits)
                     : [table] "r"(h->table), [shift] "r"(32 - h->longest),
                       [twos_end] "r"(twos_end), [end] "r"(end)
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
        to[2] = (int8_t)(entry >> 16 & 0xFFU);
        to += entry >> 28;
        tck_bits_drop(&h->bits, entry >> 24 & 0xFU);
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
