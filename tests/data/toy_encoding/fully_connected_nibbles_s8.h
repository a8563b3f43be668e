/* FULLY_CONNECTED on int8, two weights of four bits in a byte: what a new encoding brings in C. */
#ifndef TCK_FULLY_CONNECTED_NIBBLES_S8_H
#define TCK_FULLY_CONNECTED_NIBBLES_S8_H

#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense;
    const uint8_t *nibbles;                   /* each 8 more than its weight, the low one first */
} tck_fully_connected_nibbles_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; a row of weights begins with a byte. */
TCK_INLINE void tck_fully_connected_nibbles_s8(const tck_fully_connected_nibbles_s8_params *p,
                                               const int8_t *input, int8_t *output,
                                               int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        const uint8_t *nibbles = p->nibbles;
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            for (int32_t i = 0; i < dense->inputs; ++i) {
                const int32_t both = nibbles[i / 2];
                sum = tck_add_wrap(sum, ((i % 2 ? both >> 4 : both & 15) - 8) * input[i]);
            }
            nibbles += (dense->inputs + 1) / 2;
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
