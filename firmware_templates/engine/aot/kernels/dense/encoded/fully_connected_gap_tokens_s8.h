/* FULLY_CONNECTED on int8, weights as tokens of a gap and a value. */
#ifndef TCK_FULLY_CONNECTED_GAP_TOKENS_S8_H
#define TCK_FULLY_CONNECTED_GAP_TOKENS_S8_H

#include "../../../decode/gap_tokens.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense;
    const uint8_t *codes; /* for tck_canonical_table */
    const uint32_t *tokens;
    uint8_t gap_bits;
    uint8_t longest; /* bits of a code */
} tck_fully_connected_gap_tokens_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; table has room for 1 << longest words. */
TCK_INLINE void tck_fully_connected_gap_tokens_s8(const tck_fully_connected_gap_tokens_s8_params *p,
                                                  const int8_t *input, int8_t *output,
                                                  uint32_t *table, int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    tck_canonical_table(p->codes, p->longest, p->gap_bits, table);
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        tck_gap_tokens tokens = tck_gap_tokens_from(p->tokens, table, p->gap_bits, p->longest);
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            sum = tck_gap_tokens_dot(&tokens, input, dense->inputs, sum);
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
