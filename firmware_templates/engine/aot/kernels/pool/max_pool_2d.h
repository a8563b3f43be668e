/* MAX_POOL_2D: the largest element inside the input, for every type. */
#ifndef TCK_MAX_POOL_2D_H
#define TCK_MAX_POOL_2D_H

#include "../common/elements.h"
#include "pool_2d.h"

TCK_INLINE void tck_max_pool_2d_pixel(const tck_pool_2d_params *p, const tck_pool_window *window,
                                      void *output, int32_t bytes) {
    for (int32_t c = 0; c < p->channels; ++c) {
        int32_t largest = tck_lowest_element(bytes);
        for (int32_t row = 0; row < window->rows; ++row) {
            for (int32_t column = 0; column < window->columns; ++column) {
                const int32_t at = (row * p->input_width + column) * p->channels + c;
                largest = tck_max(largest, tck_element(window->first, at, bytes));
            }
        }
        tck_set_element(output, c, tck_clamp(largest, p->clamp_min, p->clamp_max), bytes);
    }
}

#endif
