/* The table of a canonical Huffman code, built in RAM: it takes less flash to describe a code.
 *
 * A description has the number of codes of each length, from 1 bit to the longest, two bytes each,
 * then the symbols in the order of their codes: for every two three bytes, both values, and the
 * high parts of their gaps, the first in the lower half. */
#ifndef TCK_DECODE_CANONICAL_H
#define TCK_DECODE_CANONICAL_H

#include <stddef.h>

#include "../tck_math.h"

/* Entries of the table, one for each number that the next `longest` bits can be: the value in byte
 * 0, the bits of the gap and the code in byte 1, above these (the high part << gap_bits) + 1.
 * Whatever a description says, all entries are written and none else, and no code is longer than
 * `longest`. */
TCK_SHARED_FAST void tck_canonical_table(const uint8_t *codes, int32_t longest, int32_t gap_bits,
                                         uint32_t *table) {
    const uint8_t *symbols = codes + 2 * (size_t)longest;
    uint32_t *const end = table + ((size_t)1 << longest);
    uint32_t entry = (uint32_t)(gap_bits + longest) << 8 | 1U << 16;
    for (int32_t length = 1, odd = 0; length <= longest; ++length, codes += 2) {
        for (uint32_t left = codes[0] | (uint32_t)codes[1] << 8; left > 0 && table < end; --left) {
            const uint32_t high = symbols[2] >> 4 * odd & 0xFU;
            const uint32_t gap = (high << gap_bits) + 1U;
            entry = symbols[odd] | (uint32_t)(gap_bits + length) << 8 | gap << 16;
            symbols += 3 * odd;
            odd ^= 1;
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
