/* FULLY_CONNECTED on int8, weights by a Huffman code. */
#ifndef TCK_FULLY_CONNECTED_HUFFMAN_S8_H
#define TCK_FULLY_CONNECTED_HUFFMAN_S8_H

#include "../../../decode/huffman.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense;
    const uint8_t *codes; /* for tck_huffman_table */
    const uint32_t *code; /* the weights */
    uint8_t longest;      /* bits of a code */
} tck_fully_connected_huffman_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; table has room for 1 << longest words, and
 * behind them for the inputs and three bytes more. */
TCK_INLINE void tck_fully_connected_huffman_s8(const tck_fully_connected_huffman_s8_params *p,
                                               const int8_t *input, int8_t *output, uint32_t *table,
                                               int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    int8_t *const weights = (int8_t *)(table + ((size_t)1 << p->longest));
    tck_huffman_table(p->codes, p->longest, table);
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        tck_huffman huffman = tck_huffman_from(p->code, table, p->longest);
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            tck_huffman_decode(&huffman, weights, dense->inputs);
            sum = tck_decoded_dot(weights, input, dense->inputs, sum);
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
