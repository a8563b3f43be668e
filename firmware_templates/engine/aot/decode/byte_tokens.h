/* Sparse weights as tokens of one byte, or of two: a gap, and a value.
 *
 * Rows begin with the number of their pairs of tokens, in one byte, or in two if its highest bit is
 * set, that of higher value first. Positions begin with 0 and grow by the gap of each token. Tokens
 * of value 0 fill up pairs, and gaps that are too large for one token.
 *
 * One byte: the gap above `value_bits` bits, below them which value of a codebook. Two bytes: the
 * gap, then the value itself. */
#ifndef TCK_DECODE_BYTE_TOKENS_H
#define TCK_DECODE_BYTE_TOKENS_H

#include "../tck_simd.h"

typedef struct {
    const uint8_t *next;
    int32_t pairs;
} tck_token_row;

/* A row of tokens, its number of pairs read. */
TCK_INLINE tck_token_row tck_token_row_at(const uint8_t *stream) {
    int32_t pairs = *stream++;
    if (pairs >= 128) {
        pairs = (pairs & 127) << 8 | *stream++;
    }
    const tck_token_row row = {stream, pairs};
    return row;
}

/* Adds the products of a row of one-byte tokens with its inputs to a sum; returns the next row. */
TCK_SHARED const uint8_t *tck_byte_tokens_dot(const uint8_t *stream, const int8_t *book,
                                              int32_t value_bits, const int8_t *inputs,
                                              int32_t *sum) {
    tck_token_row row = tck_token_row_at(stream);
    const uint32_t mask = (1U << value_bits) - 1U;
    int32_t total = *sum;
    for (; row.pairs > 0; --row.pairs, row.next += 2) {
        const uint32_t first = row.next[0], second = row.next[1];
        inputs += first >> value_bits;
        total = tck_add_wrap(total, *inputs * book[first & mask]);
        inputs += second >> value_bits;
        total = tck_add_wrap(total, *inputs * book[second & mask]);
    }
    *sum = total;
    return row.next;
}

/* The same for tokens of two bytes. */
#if TCK_DSP

TCK_SHARED const uint8_t *tck_pair_tokens_dot(const uint8_t *stream, const int8_t *inputs,
                                              int32_t *sum) {
    tck_token_row row = tck_token_row_at(stream);
    int32_t total = *sum;
    for (; row.pairs > 0; --row.pairs, row.next += 4) {
        const uint32_t both = tck_load_word(row.next);
        const uint32_t values = tck_sxtb16_ror8(both);
        inputs += both & 0xFFU;
        total = tck_smlabb((uint32_t)*inputs, values, total);
        inputs += both >> 16 & 0xFFU;
        total = tck_smlabt((uint32_t)*inputs, values, total);
    }
    *sum = total;
    return row.next;
}

#else

TCK_SHARED const uint8_t *tck_pair_tokens_dot(const uint8_t *stream, const int8_t *inputs,
                                              int32_t *sum) {
    tck_token_row row = tck_token_row_at(stream);
    int32_t total = *sum;
    for (; row.pairs > 0; --row.pairs, row.next += 4) {
        inputs += row.next[0];
        total = tck_add_wrap(total, *inputs * (int8_t)row.next[1]);
        inputs += row.next[2];
        total = tck_add_wrap(total, *inputs * (int8_t)row.next[3]);
    }
    *sum = total;
    return row.next;
}

#endif

/* Writes the value at a position that grows by a gap, unless it is outside of the row. */
TCK_INLINE int32_t tck_put_token(int8_t *row, int32_t count, int32_t position, int32_t value) {
    if (position < count && value != 0) {
        row[position] = (int8_t)value;
    }
    return position;
}

/* Writes the `count` weights of a row of one-byte tokens; returns the next row. */
TCK_SHARED const uint8_t *tck_byte_tokens_decode(const uint8_t *stream, const int8_t *book,
                                                 int32_t value_bits, int8_t *to, int32_t count) {
    const tck_token_row row = tck_token_row_at(stream);
    const uint8_t *const end = row.next + 2 * row.pairs;
    int32_t at = 0;
    for (int32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    for (const uint8_t *token = row.next; token != end; ++token) {
        const int32_t value = book[*token & ((1U << value_bits) - 1U)];
        at = tck_put_token(to, count, at + (*token >> value_bits), value);
    }
    return end;
}

/* The same for tokens of two bytes. */
TCK_SHARED const uint8_t *tck_pair_tokens_decode(const uint8_t *stream, int8_t *to, int32_t count) {
    const tck_token_row row = tck_token_row_at(stream);
    const uint8_t *const end = row.next + 4 * row.pairs;
    int32_t at = 0;
    for (int32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    for (const uint8_t *token = row.next; token != end; token += 2) {
        at = tck_put_token(to, count, at + token[0], (int8_t)token[1]);
    }
    return end;
}

#endif
