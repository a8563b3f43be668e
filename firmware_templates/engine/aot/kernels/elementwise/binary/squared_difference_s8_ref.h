/* SQUARED_DIFFERENCE on int8. */
#ifndef TCK_SQUARED_DIFFERENCE_S8_REF_H
#define TCK_SQUARED_DIFFERENCE_S8_REF_H

#include "squared_difference.h"

TCK_KERNEL void tck_squared_difference_s8_ref(const tck_binary_params *p, const int8_t *input_1,
                                              const int8_t *input_2, int8_t *output) {
    tck_binary(p, tck_squared_difference_element, 1, input_1, input_2, output);
}

#endif
