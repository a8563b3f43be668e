/* BATCH_MATMUL on int16: products of matrices, of any strides; sums of 64 bits. */
#ifndef TCK_BATCH_MATMUL_S16_REF_H
#define TCK_BATCH_MATMUL_S16_REF_H

#include "batch_matmul.h"

/* One product; returns the end of its output. */
TCK_INLINE int16_t *tck_batch_matmul_s16_ref_one(const tck_batch_matmul_params *p,
                                                 const int16_t *left, const int16_t *right,
                                                 int16_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int16_t *a = left + row * p->left_row_stride;
            const int16_t *b = right + column * p->right_column_stride;
            int64_t sum = 0;
            for (int32_t d = 0; d < p->depth; ++d) {
                sum += a[d * p->left_depth_stride] * b[d * p->right_depth_stride];
            }
            const int32_t scaled = tck_multiply_reduced(sum, p->multiplier, p->shift);
            *output++ = (int16_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min,
                                           p->clamp_max);
        }
    }
    return output;
}

TCK_KERNEL void tck_batch_matmul_s16_ref(const tck_batch_matmul_params *p, const int16_t *left,
                                         const int16_t *right, int16_t *output) {
    for (int32_t i = 0; i < p->batches_0; ++i) {
        for (int32_t j = 0; j < p->batches_1; ++j) {
            for (int32_t k = 0; k < p->batches_2; ++k) {
                output = tck_batch_matmul_s16_ref_one(p, left + tck_batch_matmul_left(p, i, j, k),
                                                      right + tck_batch_matmul_right(p, i, j, k),
                                                      output);
            }
        }
    }
}

#endif
