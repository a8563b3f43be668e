/* PRELU on int16: input 2 is the slope. */
#ifndef TCK_PRELU_S16_REF_H
#define TCK_PRELU_S16_REF_H

#include "prelu.h"

TCK_KERNEL void tck_prelu_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                  const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_prelu_element, 2, input_1, input_2, output);
}

#endif
