/* The decoders of weights as one ordinary function, for tests. */
#ifndef TCT_DECODE_EXPORTS_H
#define TCT_DECODE_EXPORTS_H

#include <stdint.h>

enum {
    TCT_BYTE_TOKENS,
    TCT_TRIPLE_TOKENS,
    TCT_PAIR_TOKENS,
    TCT_GAP_TOKENS,
    TCT_LUT,
    TCT_HUFFMAN,
    TCT_PATTERNS
};

/* Encoded weights: arrays and numbers as the kernels' parameters have them. */
typedef struct {
    const void *stream;   /* tokens, indices or the code */
    const void *codes;    /* of a Huffman code, or the codebook */
    const uint8_t *words; /* of each row of tokens; or patterns */
    uint32_t encoding;
    uint32_t rows;
    uint32_t inputs;
    uint32_t bits;      /* of values, gaps, indices or patterns */
    uint32_t longest;   /* bits of a code */
    uint32_t group;     /* indices in a group, or the stride of fours */
    uint32_t row_words; /* of a row of indices */
} tct_encoded;

/* Decodes row after row to `row`, which has room for what the decoder writes, and copies them to
 * `weights`, `[rows, inputs]`; `table` has room for the decoder's. */
void tct_decode(const tct_encoded *encoded, uint32_t *table, int8_t *row, int8_t *weights);

/* The sums of products of sparse weights with inputs, one for each row. */
void tct_dot(const tct_encoded *encoded, uint32_t *table, const int8_t *inputs, int32_t *sums);

#endif
