/* FULLY_CONNECTED on int8, one or two weights of every four there. */
#ifndef TCK_FULLY_CONNECTED_PATTERNS_S8_H
#define TCK_FULLY_CONNECTED_PATTERNS_S8_H

#include "../../../decode/patterns.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense; /* inputs are a multiple of four */
    const uint8_t *codes;                     /* for tck_huffman_table */
    const uint32_t *code;                     /* the weights that are there */
    const uint32_t *patterns;                 /* which these are */
    uint8_t pattern_bits;                     /* 2 or 3 */
    uint8_t longest;                          /* bits of a code */
} tck_fully_connected_patterns_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; table has room for 1 << longest words, and
 * behind them for the weights of a row that are there and three bytes more. */
TCK_INLINE void tck_fully_connected_patterns_s8(const tck_fully_connected_patterns_s8_params *p,
                                                const int8_t *input, int8_t *output,
                                                uint32_t *table, int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    const int32_t fours = dense->inputs / 4;
    int8_t *const begin = output;
    int8_t *const values = (int8_t *)(table + ((size_t)1 << p->longest));
    tck_huffman_table(p->codes, p->longest, table);
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        tck_huffman huffman = tck_huffman_from(p->code, table, p->longest);
        tck_patterns patterns = tck_patterns_from(p->patterns, p->pattern_bits, 0);
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            tck_huffman_decode(&huffman, values, tck_pattern_values(p->pattern_bits, fours));
            sum = tck_patterns_dot(&patterns, values, input, fours, sum);
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
