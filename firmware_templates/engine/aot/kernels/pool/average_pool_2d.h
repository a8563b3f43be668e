/* AVERAGE_POOL_2D: the mean of the elements inside the input, halves away from zero, for every
 * type. */
#ifndef TCK_AVERAGE_POOL_2D_H
#define TCK_AVERAGE_POOL_2D_H

#include "../common/elements.h"
#include "pool_2d.h"

TCK_INLINE void tck_average_pool_2d_pixel(const tck_pool_2d_params *p,
                                          const tck_pool_window *window, void *output,
                                          int32_t bytes) {
    const int32_t count = window->rows * window->columns;
    for (int32_t c = 0; c < p->channels; ++c) {
        int32_t sum = 0;
        for (int32_t row = 0; row < window->rows; ++row) {
            for (int32_t column = 0; column < window->columns; ++column) {
                const int32_t at = (row * p->input_width + column) * p->channels + c;
                sum += tck_element(window->first, at, bytes);
            }
        }
        const int32_t average = tck_rounded_average(sum, count);
        tck_set_element(output, c, tck_clamp(average, p->clamp_min, p->clamp_max), bytes);
    }
}

#endif
