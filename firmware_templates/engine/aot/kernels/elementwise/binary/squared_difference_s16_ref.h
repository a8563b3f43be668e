/* SQUARED_DIFFERENCE on int16. */
#ifndef TCK_SQUARED_DIFFERENCE_S16_REF_H
#define TCK_SQUARED_DIFFERENCE_S16_REF_H

#include "squared_difference.h"

TCK_KERNEL void tck_squared_difference_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                               const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_squared_difference_element, 2, input_1, input_2, output);
}

#endif
