/* PRELU on int8: input 2 is the slope. */
#ifndef TCK_PRELU_S8_REF_H
#define TCK_PRELU_S8_REF_H

#include "prelu.h"

TCK_KERNEL void tck_prelu_s8_ref(const tck_binary_params *p, const int8_t *input_1,
                                 const int8_t *input_2, int8_t *output) {
    tck_binary(p, tck_prelu_element, 1, input_1, input_2, output);
}

#endif
