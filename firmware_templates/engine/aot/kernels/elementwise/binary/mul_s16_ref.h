/* MUL on int16. */
#ifndef TCK_MUL_S16_REF_H
#define TCK_MUL_S16_REF_H

#include "mul.h"

TCK_KERNEL void tck_mul_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_mul_element, 2, input_1, input_2, output);
}

#endif
