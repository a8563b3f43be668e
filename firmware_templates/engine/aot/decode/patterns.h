/* Weights of which one or two in every four are there, as N:M pruning leaves them: a pattern for
 * each four says where, and the weights that are there have a Huffman code. They may be 0.
 *
 * A pattern has 2 bits where one weight is there, its place, and 3 bits where two are: which of the
 * six pairs of places. As many patterns as fit are in a word, the first in its lowest bits; each
 * row has whole words. The weights of a four are side by side, or `stride` bytes apart, the next
 * four beginning one byte later: tiles have the weights of some channels in turns. */
#ifndef TCK_DECODE_PATTERNS_H
#define TCK_DECODE_PATTERNS_H

#include "huffman.h"

#define TCK_PATTERN_PAIR_BITS 3

/* The places of both weights of a pattern, two bits each, the first lower; of one that there is not
 * those of the last pair. */
TCK_INLINE uint32_t tck_pattern_places(uint32_t pattern) {
    return 0xEEED9C84U >> 4 * (pattern & 7U) & 15U;
}

/* Weights that are there in so many fours. */
TCK_INLINE int32_t tck_pattern_values(uint32_t bits, int32_t fours) {
    return bits == TCK_PATTERN_PAIR_BITS ? 2 * fours : fours;
}

/* How many of the next patterns the next word has. */
TCK_INLINE int32_t tck_patterns_in_word(uint32_t bits, int32_t fours) {
    const int32_t most = bits == TCK_PATTERN_PAIR_BITS ? 10 : 16;
    return fours < most ? fours : most;
}

/* The sum and the products of four times `fours` weights with as many inputs. */
TCK_SHARED int32_t tck_patterns_dot(const uint32_t *patterns, uint32_t bits, const int8_t *values,
                                    const int8_t *inputs, int32_t fours, int32_t sum) {
    while (fours > 0) {
        uint32_t word = *patterns++;
        const int8_t *const end = inputs + 4 * (ptrdiff_t)tck_patterns_in_word(bits, fours);
        fours -= tck_patterns_in_word(bits, fours);
        if (bits == TCK_PATTERN_PAIR_BITS) {
            for (; inputs != end; inputs += 4, word >>= TCK_PATTERN_PAIR_BITS, values += 2) {
                const uint32_t places = tck_pattern_places(word);
                const int32_t first = values[0] * inputs[places & 3U];
                sum = tck_add_wrap(sum, first + values[1] * inputs[places >> 2]);
            }
        } else {
            for (; inputs != end; inputs += 4, word >>= 2, values += 1) {
                sum = tck_add_wrap(sum, values[0] * inputs[word & 3U]);
            }
        }
    }
    return sum;
}

/* Writes those of four times `fours` weights that are there, between zeros. There are whole blocks
 * of `stride` fours: nothing is written outside of them, whatever the patterns say. */
TCK_SHARED_FAST void tck_patterns_spread(const uint32_t *patterns, uint32_t bits, uint32_t stride,
                                         const int8_t *values, int8_t *to, int32_t fours) {
    int8_t *block_end = to + stride;
    while (fours > 0) {
        uint32_t word = *patterns++;
        int32_t left = tck_patterns_in_word(bits, fours);
        for (fours -= left; left > 0; --left) {
            if (bits == TCK_PATTERN_PAIR_BITS) {
                const uint32_t places = tck_pattern_places(word);
                to[(places & 3U) * stride] = *values++;
                to[(places >> 2) * stride] = *values++;
            } else {
                to[(word & 3U) * stride] = *values++;
            }
            word >>= bits;
            if (++to == block_end) {
                to += 3 * stride;
                block_end = to + stride;
            }
        }
    }
}

#endif
