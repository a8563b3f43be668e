/* Sparse weights as tokens of a gap and a value, two, three or four in a word, the first in the
 * lowest bits. Positions begin with 0 in every row and grow by the gap of each token.
 *
 * Pairs have 8 bits of gap and above them the value itself. Triples, of 10 bits each, and bytes
 * have in their lowest bits which value of a codebook it is, and the gap above. Tokens of value 0
 * fill up gaps that are too large for one token, and the last word of a row. How many words a row
 * has is told apart from the stream. */
#ifndef TCK_DECODE_WORD_TOKENS_H
#define TCK_DECODE_WORD_TOKENS_H

#include "../tck_simd.h"

#define TCK_PAIR_BITS   16U
#define TCK_TRIPLE_BITS 10U
#define TCK_BYTE_BITS   8U

/* Where the values of tokens are looked up. */
typedef struct {
    const int8_t *values;
    uint32_t bits; /* of a token that say which */
} tck_book;

/* Adds the product of the token in the lowest `width` bits; returns where its input is. */
TCK_INLINE const int8_t *tck_token_product(uint32_t token, uint32_t width, tck_book book,
                                           const int8_t *at, int32_t *sum) {
    const uint32_t gap = (token & ((1U << width) - 1U)) >> book.bits;
    const int32_t input = at[gap];
    at += gap;
    *sum = tck_add_wrap(*sum, input * book.values[token & ((1U << book.bits) - 1U)]);
#if TCK_THUMB1
    /* One token after the other: side by side they would take more registers than there are. */
    __asm__("" : "+r"(at), "+r"(*sum));
#endif
    return at;
}

/* The sum and the products of a row of tokens with its inputs. */
TCK_SHARED int32_t tck_byte_tokens_dot(const uint32_t *tokens, const uint32_t *end, tck_book book,
                                       const int8_t *inputs, int32_t sum) {
    while (tokens != end) {
        const uint32_t word = *tokens++;
        inputs = tck_token_product(word, TCK_BYTE_BITS, book, inputs, &sum);
        inputs = tck_token_product(word >> 8, TCK_BYTE_BITS, book, inputs, &sum);
        inputs = tck_token_product(word >> 16, TCK_BYTE_BITS, book, inputs, &sum);
        inputs = tck_token_product(word >> 24, TCK_BYTE_BITS, book, inputs, &sum);
    }
    return sum;
}

TCK_SHARED int32_t tck_triple_tokens_dot(const uint32_t *tokens, const uint32_t *end, tck_book book,
                                         const int8_t *inputs, int32_t sum) {
    while (tokens != end) {
        const uint32_t word = *tokens++;
        inputs = tck_token_product(word, TCK_TRIPLE_BITS, book, inputs, &sum);
        inputs = tck_token_product(word >> 10, TCK_TRIPLE_BITS, book, inputs, &sum);
        inputs = tck_token_product(word >> 20, TCK_TRIPLE_BITS, book, inputs, &sum);
    }
    return sum;
}

TCK_SHARED int32_t tck_pair_tokens_dot(const uint32_t *tokens, const uint32_t *end,
                                       const int8_t *inputs, int32_t sum) {
    while (tokens != end) {
        const uint32_t word = *tokens++;
#if TCK_DSP
        const uint32_t values = tck_sxtb16_ror8(word);
        inputs += word & 0xFFU;
        sum = tck_smlabb((uint32_t)*inputs, values, sum);
        inputs += word >> 16 & 0xFFU;
        sum = tck_smlabt((uint32_t)*inputs, values, sum);
#else
        inputs += word & 0xFFU;
        sum = tck_add_wrap(sum, *inputs * (int8_t)(word >> 8 & 0xFFU));
        inputs += word >> 16 & 0xFFU;
        sum = tck_add_wrap(sum, *inputs * ((int32_t)word >> 24));
#endif
    }
    return sum;
}

/* Writes the `count` weights of a row of triples or bytes, `width` bits each. */
TCK_SHARED void tck_word_tokens_decode(const uint32_t *tokens, const uint32_t *end, tck_book book,
                                       uint32_t width, int8_t *to, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    for (uint32_t at = 0; tokens != end; ++tokens) {
        uint32_t word = *tokens;
        for (uint32_t bits = width; bits <= 32; bits += width, word >>= width) {
            const int8_t value = book.values[word & ((1U << book.bits) - 1U)];
            at += (word & ((1U << width) - 1U)) >> book.bits;
            if (at < count && value != 0) {
                to[at] = value;
            }
        }
    }
}

/* The same of a row of pairs. */
TCK_SHARED void tck_pair_tokens_decode(const uint32_t *tokens, const uint32_t *end, int8_t *to,
                                       uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    for (uint32_t at = 0; tokens != end; ++tokens) {
        uint32_t word = *tokens;
        for (int32_t left = 2; left > 0; --left, word >>= TCK_PAIR_BITS) {
            const int8_t value = (int8_t)(word >> 8 & 0xFFU);
            at += word & 0xFFU;
            if (at < count && value != 0) {
                to[at] = value;
            }
        }
    }
}

#endif
