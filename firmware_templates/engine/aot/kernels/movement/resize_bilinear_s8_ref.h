/* RESIZE_BILINEAR on int8. */
#ifndef TCK_RESIZE_BILINEAR_S8_REF_H
#define TCK_RESIZE_BILINEAR_S8_REF_H

#include "resize_bilinear.h"

TCK_INLINE int32_t tck_resize_bilinear_s8_blend(tck_resize_bilinear_corners corners,
                                                int32_t column_weight, int32_t row_weight) {
    const int32_t one = TCK_RESIZE_BILINEAR_ONE;
    const int32_t above = corners.above_0 * (one - column_weight) + corners.above_1 * column_weight;
    const int32_t below = corners.below_0 * (one - column_weight) + corners.below_1 * column_weight;
    const int32_t sum = above * (one - row_weight) + below * row_weight;
    const int32_t half = sum > 0 ? one * one / 2 : -(one * one / 2);
    return (int32_t)((sum + half) / (one * one));
}

TCK_KERNEL void tck_resize_bilinear_s8_ref(const tck_resize_bilinear_params *p, const int8_t *input,
                                           int8_t *output) {
    tck_resize_bilinear(p, tck_resize_bilinear_s8_blend, 1, input, output);
}

#endif
