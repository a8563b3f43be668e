/* MAX_POOL_2D on float32: the largest element inside the input. */
#ifndef TCK_MAX_POOL_2D_F32_REF_H
#define TCK_MAX_POOL_2D_F32_REF_H

#include "pool_2d_f32.h"

TCK_INLINE float tck_max_pool_2d_f32_element(const tck_pool_2d_f32_window *window) {
    float largest = -0x1.fffffep+127f;
    for (int32_t row = 0; row < window->rows; ++row) {
        for (int32_t column = 0; column < window->columns; ++column) {
            const int32_t at = row * window->down + column * window->right;
            largest = tck_max_f32(largest, window->first[at]);
        }
    }
    return largest;
}

TCK_KERNEL void tck_max_pool_2d_f32_ref(const tck_pool_2d_f32_params *p, const float *input,
                                        float *output) {
    tck_pool_2d_f32(p, tck_max_pool_2d_f32_element, input, output);
}

#endif
