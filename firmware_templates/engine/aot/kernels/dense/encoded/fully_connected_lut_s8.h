/* FULLY_CONNECTED on int8, weights as indices into a codebook. */
#ifndef TCK_FULLY_CONNECTED_LUT_S8_H
#define TCK_FULLY_CONNECTED_LUT_S8_H

#include "../../../decode/lut_gather.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense;
    const uint32_t *indices;
    const int8_t *book;
    tck_lut lut;
    uint16_t table_bytes; /* filled up to whole words */
    uint16_t words;       /* of a row */
} tck_fully_connected_lut_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; memory has room for the table
 * and behind it for a row of weights, filled up to whole words of indices. */
TCK_INLINE void tck_fully_connected_lut_s8(const tck_fully_connected_lut_s8_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *memory,
                                           int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    int8_t *const table = (int8_t *)memory, *const weights = table + p->table_bytes;
    const int32_t gathers = tck_lut_gathers(p->lut);
    if (!gathers) {
        tck_lut_table(p->lut, p->book, table);
    }
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        const uint32_t *indices = p->indices;
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            indices = gathers ? tck_lut_gather(p->lut, p->book, indices, p->words, weights)
                              : tck_lut_decode(p->lut, table, indices, p->words, weights);
            sum = tck_decoded_dot(weights, input, dense->inputs, sum);
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
