/* Sparse weights as tokens of a gap and a value: some raw bits, the low part of the gap, then a
 * Huffman code of its high part and the value together. A gap says how many zeros come before the
 * value, over the ends of rows. Where one is too large for a token, tokens of value 0 fill it. The
 * last token leads to the end of all rows or beyond. */
#ifndef TCK_DECODE_GAP_TOKENS_H
#define TCK_DECODE_GAP_TOKENS_H

#include "bits.h"
#include "canonical.h"

typedef struct {
    tck_bits bits;
    const uint32_t *table; /* of tck_canonical_table */
    int32_t position;      /* of the next value, from the beginning of the row */
    int32_t value;
    uint8_t gap_bits; /* raw ones, 1 to 6 */
    uint8_t longest;  /* bits of a code, up to 10 */
} tck_gap_tokens;

/* Reads the next token. Positions grow by 1 at least, whatever the stream says. */
TCK_INLINE void tck_gap_tokens_next(tck_gap_tokens *t) {
    tck_bits_fill(&t->bits);
    const uint32_t low = t->bits.buffer >> (32 - t->gap_bits);
    const uint32_t entry = t->table[t->bits.buffer << t->gap_bits >> (32 - t->longest)];
    tck_bits_drop(&t->bits, t->gap_bits + (entry >> 8 & 0xFFU));
    t->position += (int32_t)(low + (entry >> 16));
    t->value = (int8_t)(entry & 0xFFU);
}

/* A reader of a stream, its first token read. */
TCK_INLINE tck_gap_tokens tck_gap_tokens_from(const uint16_t *stream, const uint32_t *table,
                                              uint8_t gap_bits, uint8_t longest) {
    tck_gap_tokens tokens = {tck_bits_from(stream), table, -1, 0, gap_bits, longest};
    tck_gap_tokens_next(&tokens);
    return tokens;
}

/* The sum and the products of the next `count` weights with as many inputs. */
TCK_SHARED int32_t tck_gap_tokens_dot(tck_gap_tokens *tokens, const int8_t *inputs, int32_t count,
                                      int32_t sum) {
    tck_gap_tokens t = *tokens;
    while (t.position < count) {
        sum = tck_add_wrap(sum, t.value * inputs[t.position]);
        tck_gap_tokens_next(&t);
    }
    t.position -= count;
    *tokens = t;
    return sum;
}

/* Writes those of the next `count` weights that are not 0. */
TCK_SHARED_FAST void tck_gap_tokens_store(tck_gap_tokens *tokens, int8_t *to, int32_t count) {
    tck_gap_tokens t = *tokens;
    while (t.position < count) {
        to[t.position] = (int8_t)t.value;
        tck_gap_tokens_next(&t);
    }
    t.position -= count;
    *tokens = t;
}

/* Writes the next `count` weights. */
TCK_SHARED void tck_gap_tokens_decode(tck_gap_tokens *tokens, int8_t *to, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    tck_gap_tokens_store(tokens, to, count);
}

#endif
