/* FULLY_CONNECTED on float32: parameters, and the loops for either type of weights. */
#ifndef TCK_FULLY_CONNECTED_F32_H
#define TCK_FULLY_CONNECTED_F32_H

#include "../common/weights.h"

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    float clamp_min;
    float clamp_max;
    const void *weights; /* [outputs, inputs] */
    const float *bias;   /* [outputs] */
} tck_fully_connected_f32_params;

/* input [batches, inputs] -> output [batches, outputs], by weights of so many bytes */
TCK_INLINE void tck_fully_connected_f32(const tck_fully_connected_f32_params *p, const float *input,
                                        float *output, int32_t bytes) {
    for (int32_t n = 0; n < p->batches; ++n, input += p->inputs, output += p->outputs) {
        int32_t row = 0;
        while (row < p->outputs) {
            const int32_t four = row + 4 <= p->outputs, at = row * p->inputs;
            float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            if (four) {
                tck_four_products_f32(input, p->weights, at, p->inputs, p->inputs, bytes, sums);
            } else {
                tck_products_f32(input, p->weights, at, p->inputs, bytes, sums);
            }
            for (int32_t i = 0; i < (four ? 4 : 1); ++i, ++row) {
                output[row] = tck_clamp_f32(sums[i] + p->bias[row], p->clamp_min, p->clamp_max);
            }
        }
    }
}

#endif
