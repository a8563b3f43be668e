/* AVERAGE_POOL_2D on float32: the mean of the elements inside the input. */
#ifndef TCK_AVERAGE_POOL_2D_F32_REF_H
#define TCK_AVERAGE_POOL_2D_F32_REF_H

#include "pool_2d_f32.h"

TCK_INLINE float tck_average_pool_2d_f32_element(const tck_pool_2d_f32_window *window) {
    float sum = 0.0f;
    for (int32_t row = 0; row < window->rows; ++row) {
        for (int32_t column = 0; column < window->columns; ++column) {
            sum += window->first[row * window->down + column * window->right];
        }
    }
    return sum / (float)(window->rows * window->columns);
}

TCK_KERNEL void tck_average_pool_2d_f32_ref(const tck_pool_2d_f32_params *p, const float *input,
                                            float *output) {
    tck_pool_2d_f32(p, tck_average_pool_2d_f32_element, input, output);
}

#endif
