/* BATCH_MATMUL on int8: products of matrices, of any strides. */
#ifndef TCK_BATCH_MATMUL_S8_REF_H
#define TCK_BATCH_MATMUL_S8_REF_H

#include "batch_matmul.h"

/* One product; returns the end of its output. */
TCK_INLINE int8_t *tck_batch_matmul_s8_ref_one(const tck_batch_matmul_params *p, const int8_t *left,
                                               const int8_t *right, int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int8_t *a = left + row * p->left_row_stride;
            const int8_t *b = right + column * p->right_column_stride;
            uint32_t sum = 0;
            for (int32_t d = 0; d < p->depth; ++d) {
                sum += (uint32_t)((a[d * p->left_depth_stride] + p->left_offset) *
                                  (b[d * p->right_depth_stride] + p->right_offset));
            }
            const int32_t scaled = tck_multiply_double((int32_t)sum, p->multiplier, p->shift);
            *output++ = (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min,
                                          p->clamp_max);
        }
    }
    return output;
}

TCK_KERNEL void tck_batch_matmul_s8_ref(const tck_batch_matmul_params *p, const int8_t *left,
                                        const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < p->batches_0; ++i) {
        for (int32_t j = 0; j < p->batches_1; ++j) {
            for (int32_t k = 0; k < p->batches_2; ++k) {
                output =
                    tck_batch_matmul_s8_ref_one(p, left + tck_batch_matmul_left(p, i, j, k),
                                                right + tck_batch_matmul_right(p, i, j, k), output);
            }
        }
    }
}

#endif
