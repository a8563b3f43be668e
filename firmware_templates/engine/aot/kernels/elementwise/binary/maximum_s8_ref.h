/* MAXIMUM on int8. */
#ifndef TCK_MAXIMUM_S8_REF_H
#define TCK_MAXIMUM_S8_REF_H

#include "maximum.h"

TCK_KERNEL void tck_maximum_s8_ref(const tck_binary_params *p, const int8_t *input_1,
                                   const int8_t *input_2, int8_t *output) {
    tck_binary(p, tck_maximum_element, 1, input_1, input_2, output);
}

#endif
