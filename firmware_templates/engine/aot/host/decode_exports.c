#include "decode_exports.h"

#include <string.h>

#include "decode/gap_tokens.h"
#include "decode/huffman.h"
#include "decode/lut.h"
#include "decode/patterns.h"
#include "decode/word_tokens.h"

static tck_book book_of(const tct_encoded *e) {
    const tck_book book = {e->codes, e->bits};
    return book;
}

static tck_gap_tokens gap_tokens_of(const tct_encoded *e, uint32_t *table) {
    tck_canonical_table(e->codes, (int32_t)e->longest, (int32_t)e->bits, table);
    return tck_gap_tokens_from(e->stream, table, (uint8_t)e->bits, (uint8_t)e->longest);
}

static void decode_words(const tct_encoded *e, int8_t *row, int8_t *weights) {
    const uint32_t *tokens = e->stream;
    for (uint32_t i = 0; i < e->rows; ++i, weights += e->inputs) {
        const uint32_t *const end = tokens + e->words[i];
        if (e->encoding == TCT_PAIR_TOKENS) {
            tck_pair_tokens_decode(tokens, end, row, e->inputs);
        } else {
            const uint32_t width = e->encoding == TCT_BYTE_TOKENS ? TCK_BYTE_BITS : TCK_TRIPLE_BITS;
            tck_word_tokens_decode(tokens, end, book_of(e), width, row, e->inputs);
        }
        memcpy(weights, row, e->inputs);
        tokens = end;
    }
}

static void decode_gaps(const tct_encoded *e, uint32_t *table, int8_t *row, int8_t *weights) {
    tck_gap_tokens tokens = gap_tokens_of(e, table);
    for (uint32_t i = 0; i < e->rows; ++i, weights += e->inputs) {
        tck_gap_tokens_decode(&tokens, row, (int32_t)e->inputs);
        memcpy(weights, row, e->inputs);
    }
}

static void decode_lut(const tct_encoded *e, uint32_t *table, int8_t *row, int8_t *weights) {
    const tck_lut lut = {(uint8_t)e->bits, (uint8_t)e->group};
    const uint32_t *indices = e->stream;
    tck_lut_table(lut, e->codes, (int8_t *)table);
    for (uint32_t i = 0; i < e->rows; ++i, weights += e->inputs) {
        indices = tck_lut_decode(lut, (const int8_t *)table, indices, (int32_t)e->row_words, row);
        memcpy(weights, row, e->inputs);
    }
}

static void decode_huffman(const tct_encoded *e, uint32_t *table, int8_t *row, int8_t *weights) {
    tck_huffman_table(e->codes, (int32_t)e->longest, table);
    tck_huffman huffman = tck_huffman_from(e->stream, table, (int32_t)e->longest);
    for (uint32_t i = 0; i < e->rows; ++i, weights += e->inputs) {
        tck_huffman_decode(&huffman, row, (int32_t)e->inputs);
        memcpy(weights, row, e->inputs);
    }
}

static int8_t *values_behind(const tct_encoded *e, uint32_t *table) {
    return (int8_t *)(table + ((size_t)1 << e->longest));
}

static tck_patterns patterns_of(const tct_encoded *e) {
    return tck_patterns_from((const uint32_t *)(const void *)e->words, e->bits, 0);
}

static void decode_patterns(const tct_encoded *e, uint32_t *table, int8_t *row, int8_t *weights) {
    int8_t *const values = values_behind(e, table);
    const int32_t fours = (int32_t)e->inputs / 4;
    tck_huffman_table(e->codes, (int32_t)e->longest, table);
    tck_huffman huffman = tck_huffman_from(e->stream, table, (int32_t)e->longest);
    tck_patterns patterns = patterns_of(e);
    for (uint32_t i = 0; i < e->rows; ++i, weights += e->inputs) {
        tck_huffman_decode(&huffman, values, tck_pattern_values(e->bits, fours));
        memset(row, 0, e->inputs);
        tck_patterns_spread(&patterns, e->group, values, row, fours);
        memcpy(weights, row, e->inputs);
    }
}

void tct_decode(const tct_encoded *e, uint32_t *table, int8_t *row, int8_t *weights) {
    switch (e->encoding) {
    case TCT_GAP_TOKENS:
        decode_gaps(e, table, row, weights);
        break;
    case TCT_LUT:
        decode_lut(e, table, row, weights);
        break;
    case TCT_HUFFMAN:
        decode_huffman(e, table, row, weights);
        break;
    case TCT_PATTERNS:
        decode_patterns(e, table, row, weights);
        break;
    default:
        decode_words(e, row, weights);
    }
}

static int32_t dot_words(const tct_encoded *e, const uint32_t *tokens, const uint32_t *end,
                         const int8_t *inputs) {
    if (e->encoding == TCT_BYTE_TOKENS) {
        return tck_byte_tokens_dot(tokens, end, book_of(e), inputs, 0);
    }
    if (e->encoding == TCT_TRIPLE_TOKENS) {
        return tck_triple_tokens_dot(tokens, end, book_of(e), inputs, 0);
    }
    return tck_pair_tokens_dot(tokens, end, inputs, 0);
}

static void dot_patterns(const tct_encoded *e, uint32_t *table, const int8_t *inputs,
                         int32_t *sums) {
    int8_t *const values = values_behind(e, table);
    const int32_t fours = (int32_t)e->inputs / 4;
    tck_huffman_table(e->codes, (int32_t)e->longest, table);
    tck_huffman huffman = tck_huffman_from(e->stream, table, (int32_t)e->longest);
    tck_patterns patterns = patterns_of(e);
    for (uint32_t i = 0; i < e->rows; ++i) {
        tck_huffman_decode(&huffman, values, tck_pattern_values(e->bits, fours));
        sums[i] = tck_patterns_dot(&patterns, values, inputs, fours, 0);
    }
}

void tct_dot(const tct_encoded *e, uint32_t *table, const int8_t *inputs, int32_t *sums) {
    if (e->encoding == TCT_PATTERNS) {
        dot_patterns(e, table, inputs, sums);
        return;
    }
    if (e->encoding == TCT_GAP_TOKENS) {
        tck_gap_tokens tokens = gap_tokens_of(e, table);
        for (uint32_t i = 0; i < e->rows; ++i) {
            sums[i] = tck_gap_tokens_dot(&tokens, inputs, (int32_t)e->inputs, 0);
        }
        return;
    }
    const uint32_t *tokens = e->stream;
    for (uint32_t i = 0; i < e->rows; ++i) {
        const uint32_t *const end = tokens + e->words[i];
        sums[i] = dot_words(e, tokens, end, inputs);
        tokens = end;
    }
}
