/* BATCH_MATMUL: parameters of every type; where the factors of a batch begin. */
#ifndef TCK_BATCH_MATMUL_H
#define TCK_BATCH_MATMUL_H

#include "../tck_math.h"

/* left [.., rows, depth], right [.., depth, columns] -> output [.., rows, columns] */
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
} tck_batch_matmul_params;

TCK_INLINE int32_t tck_batch_matmul_left(const tck_batch_matmul_params *p, int32_t i, int32_t j,
                                         int32_t k) {
    return i * p->left_batch_stride_0 + j * p->left_batch_stride_1 + k * p->left_batch_stride_2;
}

TCK_INLINE int32_t tck_batch_matmul_right(const tck_batch_matmul_params *p, int32_t i, int32_t j,
                                          int32_t k) {
    return i * p->right_batch_stride_0 + j * p->right_batch_stride_1 + k * p->right_batch_stride_2;
}

#endif
