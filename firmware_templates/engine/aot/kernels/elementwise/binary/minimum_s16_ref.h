/* MINIMUM on int16. */
#ifndef TCK_MINIMUM_S16_REF_H
#define TCK_MINIMUM_S16_REF_H

#include "minimum.h"

TCK_KERNEL void tck_minimum_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                    const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_minimum_element, 2, input_1, input_2, output);
}

#endif
