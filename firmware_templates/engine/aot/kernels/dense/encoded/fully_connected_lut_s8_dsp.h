/* FULLY_CONNECTED on int8, weights as indices of up to 5 bits into a codebook, for cores with the
 * DSP extension: products straight from the table. */
#ifndef TCK_FULLY_CONNECTED_LUT_S8_DSP_H
#define TCK_FULLY_CONNECTED_LUT_S8_DSP_H

#include "../../../decode/lut_pairs.h"
#include "fully_connected_lut_s8.h"

/* input [batches, inputs] -> output [batches, outputs]; memory has room for the table of pairs and
 * behind it for a row of inputs as int16s, filled up to whole words of indices. */
TCK_INLINE void tck_fully_connected_lut_s8_dsp(const tck_fully_connected_lut_s8_params *p,
                                               const int8_t *input, int8_t *output,
                                               uint32_t *memory, int32_t fitted) {
    const tck_fully_connected_s8_fast_params *const dense = &p->dense;
    const uint32_t bits = p->lut.bits;
    int8_t *const begin = output;
    uint32_t *const pairs = memory + (1U << 2 * bits);
    const uint32_t *const pairs_end = pairs + p->words * (16U / bits);
    tck_lut_pair_table(bits, p->book, memory);
    for (int32_t n = 0; n < dense->batches; ++n, input += dense->inputs) {
        tck_fully_connected_s8_tables row = tck_fully_connected_s8_row(dense);
        const uint32_t *indices = p->indices;
        tck_lut_pair_inputs(input, dense->inputs, pairs, pairs_end);
        for (int32_t left = dense->outputs; left > 0; --left) {
            int32_t sum = *row.bias++;
            const uint32_t *const end = indices + p->words;
            sum = tck_lut_pair_dot(bits, memory, indices, end, pairs, sum);
            indices = end;
            output = tck_fully_connected_s8_outputs(dense, &sum, 1, &row, output, fitted);
        }
    }
    tck_clamp_s8(begin, dense->batches * dense->outputs, dense->clamp_min, dense->clamp_max);
}

#endif
