/* BATCH_MATMUL on int8: products of matrices, of any strides. */
#ifndef TCK_BATCH_MATMUL_S8_REF_H
#define TCK_BATCH_MATMUL_S8_REF_H

#include "batch_matmul.h"

TCK_INLINE int32_t tck_batch_matmul_s8_product(const tck_batch_matmul_params *p, const void *left,
                                               int32_t a, const void *right, int32_t b) {
    const int8_t *row = (const int8_t *)left + a;
    const int8_t *column = (const int8_t *)right + b;
    uint32_t sum = 0;
    for (int32_t d = 0; d < p->depth; ++d) {
        sum += (uint32_t)((row[d * p->left_depth_stride] + p->left_offset) *
                          (column[d * p->right_depth_stride] + p->right_offset));
    }
    return tck_multiply_two_roundings((int32_t)sum, p->multiplier, p->shift);
}

TCK_KERNEL void tck_batch_matmul_s8_ref(const tck_batch_matmul_params *p, const int8_t *left,
                                        const int8_t *right, int8_t *output) {
    tck_batch_matmul(p, tck_batch_matmul_s8_product, 1, left, right, output);
}

#endif
