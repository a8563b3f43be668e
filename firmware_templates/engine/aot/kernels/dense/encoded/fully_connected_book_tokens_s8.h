/* FULLY_CONNECTED on int8, weights as tokens whose values are in a codebook, three or four in
 * a word. */
#ifndef TCK_FULLY_CONNECTED_BOOK_TOKENS_S8_H
#define TCK_FULLY_CONNECTED_BOOK_TOKENS_S8_H

#include "../../../decode/word_tokens.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense;
    const uint32_t *tokens;
    const uint8_t *words; /* of each row */
    const int8_t *book;
    uint8_t value_bits;
} tck_fully_connected_book_tokens_s8_params;

typedef int32_t (*tck_book_tokens_dot)(const uint32_t *tokens, const uint32_t *end, tck_book book,
                                       const int8_t *inputs, int32_t sum);

/* `dot` reads the tokens of a row. input [batches, inputs] -> output [batches, outputs] */
TCK_INLINE void
tck_fully_connected_book_tokens_s8(const tck_fully_connected_book_tokens_s8_params *p,
                                   const int8_t *input, int8_t *output, tck_book_tokens_dot dot,
                                   int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    const tck_book book = {p->book, p->value_bits};
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        const uint32_t *tokens = p->tokens;
        const uint8_t *words = p->words;
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            const uint32_t *const end = tokens + *words++;
            sum = dot(tokens, end, book, input, sum);
            tokens = end;
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
