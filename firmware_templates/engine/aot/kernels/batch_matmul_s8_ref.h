/* BATCH_MATMUL on int8: products of matrices, of any strides. */
#ifndef TCK_BATCH_MATMUL_S8_REF_H
#define TCK_BATCH_MATMUL_S8_REF_H

#include "../tck_math.h"

typedef struct {
    int32_t batches_0;
    int32_t batches_1;
    int32_t batches_2;
    int32_t left_batch_stride_0; /* elements; 0 where the factor is broadcast */
    int32_t left_batch_stride_1;
    int32_t left_batch_stride_2;
    int32_t right_batch_stride_0;
    int32_t right_batch_stride_1;
    int32_t right_batch_stride_2;
    int32_t rows;
    int32_t depth;
    int32_t columns;
    int32_t left_row_stride;
    int32_t left_depth_stride;
    int32_t right_depth_stride;
    int32_t right_column_stride;
    int32_t left_offset;
    int32_t right_offset;
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_batch_matmul_s8_params;

/* One product; returns the end of its output. */
TCK_INLINE int8_t *tck_batch_matmul_s8_ref_one(const tck_batch_matmul_s8_params *p,
                                               const int8_t *left, const int8_t *right,
                                               int8_t *output) {
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

/* left [.., rows, depth], right [.., depth, columns] -> output [.., rows, columns] */
TCK_KERNEL void tck_batch_matmul_s8_ref(const tck_batch_matmul_s8_params *p, const int8_t *left,
                                        const int8_t *right, int8_t *output) {
    for (int32_t i = 0; i < p->batches_0; ++i) {
        for (int32_t j = 0; j < p->batches_1; ++j) {
            for (int32_t k = 0; k < p->batches_2; ++k) {
                output = tck_batch_matmul_s8_ref_one(
                    p,
                    left + i * p->left_batch_stride_0 + j * p->left_batch_stride_1 +
                        k * p->left_batch_stride_2,
                    right + i * p->right_batch_stride_0 + j * p->right_batch_stride_1 +
                        k * p->right_batch_stride_2,
                    output);
            }
        }
    }
}

#endif
