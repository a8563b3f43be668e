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

typedef struct {
    const uint32_t *next;
    uint32_t word; /* the patterns that are known, the next in the lowest bits */
    int32_t known;
    uint32_t bits; /* of a pattern */
} tck_patterns;

/* A reader of patterns from the one with the index `first` on, which there is. */
TCK_INLINE tck_patterns tck_patterns_from(const uint32_t *stream, uint32_t bits, uint32_t first) {
    const int32_t pairs = bits == TCK_PATTERN_PAIR_BITS;
    const uint32_t *const word = stream + (pairs ? first / 10U : first / 16U);
    const uint32_t passed = pairs ? first % 10U : first % 16U;
    const tck_patterns patterns = {word + 1, *word >> bits * passed,
                                   (pairs ? 10 : 16) - (int32_t)passed, bits};
    return patterns;
}

/* Makes one pattern known at least; returns how many of the next `fours` are. */
TCK_INLINE int32_t tck_patterns_known(tck_patterns *p, int32_t fours) {
    if (p->known == 0) {
        p->word = *p->next++;
        p->known = p->bits == TCK_PATTERN_PAIR_BITS ? 10 : 16;
    }
    const int32_t count = fours < p->known ? fours : p->known;
    p->known -= count;
    return count;
}

/* The sum and the products of the next four times `fours` weights with as many inputs. */
TCK_SHARED int32_t tck_patterns_dot(tck_patterns *patterns, const int8_t *values,
                                    const int8_t *inputs, int32_t fours, int32_t sum) {
    tck_patterns p = *patterns;
    while (fours > 0) {
        const int32_t count = tck_patterns_known(&p, fours);
        const int8_t *const end = inputs + 4 * (ptrdiff_t)count;
        uint32_t word = p.word;
        fours -= count;
        if (p.bits == TCK_PATTERN_PAIR_BITS) {
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
        p.word = word;
    }
    *patterns = p;
    return sum;
}

/* Writes those of the next four times `fours` weights that are there, between zeros. There are
 * whole blocks of `stride` fours: nothing is written outside of them, whatever the patterns say. */
TCK_SHARED_FAST void tck_patterns_spread(tck_patterns *patterns, uint32_t stride,
                                         const int8_t *values, int8_t *to, int32_t fours) {
    tck_patterns p = *patterns;
    int8_t *block_end = to + stride;
    while (fours > 0) {
        int32_t left = tck_patterns_known(&p, fours);
        uint32_t word = p.word;
        for (fours -= left; left > 0; --left) {
            if (p.bits == TCK_PATTERN_PAIR_BITS) {
                const uint32_t places = tck_pattern_places(word);
                to[(places & 3U) * stride] = *values++;
                to[(places >> 2) * stride] = *values++;
            } else {
                to[(word & 3U) * stride] = *values++;
            }
            word >>= p.bits;
            if (++to == block_end) {
                to += 3 * stride;
                block_end = to + stride;
            }
        }
        p.word = word;
    }
    *patterns = p;
}

#endif
