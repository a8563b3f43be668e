/* FULLY_CONNECTED on int8, weights as indices into a codebook. */
#ifndef TCK_FULLY_CONNECTED_LUT_S8_H
#define TCK_FULLY_CONNECTED_LUT_S8_H

#include "../../../decode/lut.h"
#include "encoded_dense_s8.h"

typedef struct {
    tck_fully_connected_s8_fast_params dense; /* its stream has the biases alone */
    const uint32_t *indices;
    const int8_t *book;
    uint8_t bits;
    uint8_t per_word; /* indices in a word */
} tck_fully_connected_lut_s8_params;

/* input [batches, inputs] -> output [batches, outputs]; weights has room for the inputs. */
TCK_INLINE void tck_fully_connected_lut_s8(const tck_fully_connected_lut_s8_params *p,
                                           const int8_t *input, int8_t *output, int8_t *weights,
                                           int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    int8_t *const begin = output;
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_encoded_dense_s8 row = tck_encoded_dense_s8_row(dense);
        const uint32_t *indices = p->indices;
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = tck_encoded_dense_s8_bias(&row);
            indices =
                tck_lut_decode(indices, p->book, p->bits, p->per_word, weights, dense->inputs);
            sum = tck_decoded_dot(weights, input, dense->inputs, sum);
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row.tables, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
