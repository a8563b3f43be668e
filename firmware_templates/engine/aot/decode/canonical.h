/* The table of a canonical Huffman code, built in RAM: it takes less flash to describe a code.
 *
 * A description has the number of codes of each length, from 1 bit to the longest, then the symbols
 * in the order of their codes: the value in the low byte, the high part of a gap in the other. */
#ifndef TCK_DECODE_CANONICAL_H
#define TCK_DECODE_CANONICAL_H

#include <stddef.h>

#include "../tck_math.h"

/* Entries of the table, one for each number that the next `longest` bits can be: the value in byte
 * 0, the bits of the gap and the code in byte 1, above these (the high part << gap_bits) + 1.
 * Whatever a description says, all entries are written and none else, and no code is longer than
 * `longest`. */
TCK_SHARED_FAST void tck_canonical_table(const uint16_t *codes, int32_t longest, int32_t gap_bits,
                                         uint32_t *table) {
    const uint16_t *symbols = codes + longest;
    uint32_t *const end = table + ((size_t)1 << longest);
    uint32_t entry = (uint32_t)(gap_bits + longest) << 8 | 1U << 16;
    for (int32_t length = 1; length <= longest; ++length) {
        for (uint32_t left = *codes++; left > 0 && table < end; --left) {
            const uint32_t symbol = *symbols++;
            const uint32_t gap = (symbol >> 8 << gap_bits) + 1U;
            entry = (symbol & 0xFFU) | (uint32_t)(gap_bits + length) << 8 | gap << 16;
            /* Codes only get longer: what is filled is always a multiple of what comes next. */
            for (int32_t same = 1 << (longest - length); same > 0; --same) {
                *table++ = entry;
            }
        }
    }
    while (table < end) {
        *table++ = entry;
    }
}

#endif
