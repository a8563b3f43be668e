/* BATCH_MATMUL: parameters of every type, and the loops for all of them. */
#ifndef TCK_BATCH_MATMUL_H
#define TCK_BATCH_MATMUL_H

#include "../common/elements.h"

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

/* Where the matrices of a batch begin, in elements. */
TCK_INLINE int32_t tck_batch_matmul_left(const tck_batch_matmul_params *p, int32_t i, int32_t j,
                                         int32_t k) {
    return i * p->left_batch_stride_0 + j * p->left_batch_stride_1 + k * p->left_batch_stride_2;
}

TCK_INLINE int32_t tck_batch_matmul_right(const tck_batch_matmul_params *p, int32_t i, int32_t j,
                                          int32_t k) {
    return i * p->right_batch_stride_0 + j * p->right_batch_stride_1 + k * p->right_batch_stride_2;
}

/* One output, before its zero point is added, of the row at `a` and the column at `b`. */
typedef int32_t (*tck_batch_matmul_product)(const tck_batch_matmul_params *p, const void *left,
                                            int32_t a, const void *right, int32_t b);

/* The product of the matrices at `a` and `b`; returns the end of its output. */
TCK_INLINE int32_t tck_batch_matmul_one(const tck_batch_matmul_params *p,
                                        tck_batch_matmul_product product, int32_t bytes,
                                        const void *left, int32_t a, const void *right, int32_t b,
                                        void *output, int32_t at) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column, ++at) {
            const int32_t scaled = product(p, left, a + row * p->left_row_stride, right,
                                           b + column * p->right_column_stride);
            const int32_t value = tck_add_wrap(scaled, p->output_offset);
            tck_set_element(output, at, tck_clamp(value, p->clamp_min, p->clamp_max), bytes);
        }
    }
    return at;
}

/* `product` is inlined, since it is known where this is. */
TCK_INLINE void tck_batch_matmul(const tck_batch_matmul_params *p, tck_batch_matmul_product product,
                                 int32_t bytes, const void *left, const void *right, void *output) {
    int32_t at = 0;
    for (int32_t i = 0; i < p->batches_0; ++i) {
        for (int32_t j = 0; j < p->batches_1; ++j) {
            for (int32_t k = 0; k < p->batches_2; ++k) {
                const int32_t a = tck_batch_matmul_left(p, i, j, k);
                const int32_t b = tck_batch_matmul_right(p, i, j, k);
                at = tck_batch_matmul_one(p, product, bytes, left, a, right, b, output, at);
            }
        }
    }
}

#endif
