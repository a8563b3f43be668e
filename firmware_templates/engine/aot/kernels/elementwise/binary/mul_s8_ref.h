/* MUL on int8. */
#ifndef TCK_MUL_S8_REF_H
#define TCK_MUL_S8_REF_H

#include "mul.h"

TCK_KERNEL void tck_mul_s8_ref(const tck_binary_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output) {
    tck_binary(p, tck_mul_element, 1, input_1, input_2, output);
}

#endif
