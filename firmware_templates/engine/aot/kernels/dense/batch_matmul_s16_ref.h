/* BATCH_MATMUL on int16: products of matrices, of any strides; sums of 64 bits. */
#ifndef TCK_BATCH_MATMUL_S16_REF_H
#define TCK_BATCH_MATMUL_S16_REF_H

#include "batch_matmul.h"

TCK_INLINE int32_t tck_batch_matmul_s16_product(const tck_batch_matmul_params *p, const void *left,
                                                int32_t a, const void *right, int32_t b) {
    const int16_t *row = (const int16_t *)left + a;
    const int16_t *column = (const int16_t *)right + b;
    int64_t sum = 0;
    for (int32_t d = 0; d < p->depth; ++d) {
        sum += row[d * p->left_depth_stride] * column[d * p->right_depth_stride];
    }
    return tck_multiply_reduced(sum, p->multiplier, p->shift);
}

TCK_KERNEL void tck_batch_matmul_s16_ref(const tck_batch_matmul_params *p, const int16_t *left,
                                         const int16_t *right, int16_t *output) {
    tck_batch_matmul(p, tck_batch_matmul_s16_product, 2, left, right, output);
}

#endif
