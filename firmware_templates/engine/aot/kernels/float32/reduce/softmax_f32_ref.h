/* SOFTMAX on float32, along the last dimension; input and output may be the same. */
#ifndef TCK_SOFTMAX_F32_REF_H
#define TCK_SOFTMAX_F32_REF_H

#include "softmax_f32.h"

TCK_KERNEL void tck_softmax_f32_ref(const tck_softmax_f32_params *p, const float *input,
                                    float *output) {
    for (int32_t row = 0; row < p->rows; ++row, input += p->depth, output += p->depth) {
        const float largest = tck_softmax_f32_largest(input, p->depth);
        float sum = 0.0f;
        for (int32_t i = 0; i < p->depth; ++i) {
            output[i] = tck_exp_f32((input[i] - largest) * p->beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < p->depth; ++i) {
            output[i] = output[i] / sum;
        }
    }
}

#endif
