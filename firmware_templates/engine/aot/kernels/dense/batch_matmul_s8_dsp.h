/* BATCH_MATMUL on int8 for cores with the DSP extension: both factors are widened once.
 *
 * A pair is two neighbours along the depth less their zero point, as int16_t; a pair behind an odd
 * depth ends with 0. All columns of the right factor are widened for each product of matrices, a
 * row of the left one for all of these columns, and four columns are multiplied at a time. */
#ifndef TCK_BATCH_MATMUL_S8_DSP_H
#define TCK_BATCH_MATMUL_S8_DSP_H

#include "../../tck_simd.h"
#include "batch_matmul.h"

/* Elements of any stride as pairs; returns what follows them. */
TCK_SHARED uint32_t *tck_batch_matmul_widen(uint32_t *pairs, const int8_t *from, int32_t stride,
                                            int32_t depth, int32_t offset) {
    for (; depth > 1; depth -= 2, from += 2 * stride) {
        *pairs++ = tck_pair(from[0] + offset, from[stride] + offset);
    }
    if (depth > 0) {
        *pairs++ = tck_pair(from[0] + offset, 0);
    }
    return pairs;
}

/* Products of a row with four columns, `count` pairs of which lie one behind the other. */
TCK_INLINE void tck_batch_matmul_dot_4(const uint32_t *row, const uint32_t *columns, int32_t count,
                                       int32_t *sums) {
    const uint32_t *const second = columns + count, *const third = second + count;
    const uint32_t *const fourth = third + count;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t i = 0; i < count; ++i) {
        const uint32_t pair = row[i];
        a = tck_smlad(pair, columns[i], a);
        b = tck_smlad(pair, second[i], b);
        c = tck_smlad(pair, third[i], c);
        d = tck_smlad(pair, fourth[i], d);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

TCK_INLINE int32_t tck_batch_matmul_dot_1(const uint32_t *row, const uint32_t *column,
                                          int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        sum = tck_smlad(row[i], column[i], sum);
    }
    return sum;
}

TCK_INLINE int8_t tck_batch_matmul_output(const tck_batch_matmul_params *p, int32_t sum) {
    const int32_t scaled = tck_multiply_two_roundings(sum, p->multiplier, p->shift);
    return (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min, p->clamp_max);
}

/* The outputs of a widened row; returns what follows them. */
TCK_INLINE int8_t *tck_batch_matmul_row(const tck_batch_matmul_params *p, const uint32_t *row,
                                        const uint32_t *columns, int32_t count, int8_t *output) {
    int32_t left = p->columns;
    for (; left >= 4; left -= 4, columns += 4 * count) {
        int32_t sums[4];
        tck_batch_matmul_dot_4(row, columns, count, sums);
        for (int32_t i = 0; i < 4; ++i) {
            *output++ = tck_batch_matmul_output(p, sums[i]);
        }
    }
    for (; left > 0; --left, columns += count) {
        *output++ = tck_batch_matmul_output(p, tck_batch_matmul_dot_1(row, columns, count));
    }
    return output;
}

/* The product of the matrices at left and right; returns the end of its output. */
TCK_SHARED int8_t *tck_batch_matmul_s8_dsp_one(const tck_batch_matmul_params *p, const int8_t *left,
                                               const int8_t *right, int8_t *output,
                                               uint32_t *pairs) {
    const int32_t count = (p->depth + 1) / 2;
    uint32_t *row = pairs;
    for (int32_t column = 0; column < p->columns; ++column, right += p->right_column_stride) {
        row = tck_batch_matmul_widen(row, right, p->right_depth_stride, p->depth, p->right_offset);
    }
    for (int32_t i = 0; i < p->rows; ++i, left += p->left_row_stride) {
        tck_batch_matmul_widen(row, left, p->left_depth_stride, p->depth, p->left_offset);
        output = tck_batch_matmul_row(p, row, pairs, count, output);
    }
    return output;
}

/* pairs has room for all columns of a right factor and one row, of an even depth. */
TCK_KERNEL void tck_batch_matmul_s8_dsp(const tck_batch_matmul_params *p, const int8_t *left,
                                        const int8_t *right, int8_t *output, uint32_t *pairs) {
    for (int32_t i = 0; i < p->batches_0; ++i) {
        for (int32_t j = 0; j < p->batches_1; ++j) {
            for (int32_t k = 0; k < p->batches_2; ++k) {
                const int8_t *const a = left + tck_batch_matmul_left(p, i, j, k);
                const int8_t *const b = right + tck_batch_matmul_right(p, i, j, k);
                output = tck_batch_matmul_s8_dsp_one(p, a, b, output, pairs);
            }
        }
    }
}

#endif
