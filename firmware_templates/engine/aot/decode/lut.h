/* Weights as indices of 1 to 6 bits into a codebook: as many as fit a word, the first in the lowest
 * bits. Every row begins with a word of its own. */
#ifndef TCK_DECODE_LUT_H
#define TCK_DECODE_LUT_H

#include "../tck_math.h"

/* Writes the next `count` weights; returns the next row. The codebook has 1 << bits entries. */
TCK_SHARED const uint32_t *tck_lut_decode(const uint32_t *stream, const int8_t *book, int32_t bits,
                                          int32_t per_word, int8_t *to, int32_t count) {
    const uint32_t mask = (1U << bits) - 1U;
    while (count > 0) {
        uint32_t word = *stream++;
        int8_t *const end = to + tck_min(per_word, count);
        count -= per_word;
        do {
            *to++ = book[word & mask];
            word >>= bits;
        } while (to != end);
    }
    return stream;
}

#endif
