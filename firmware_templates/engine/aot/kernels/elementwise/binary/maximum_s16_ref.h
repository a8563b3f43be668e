/* MAXIMUM on int16. */
#ifndef TCK_MAXIMUM_S16_REF_H
#define TCK_MAXIMUM_S16_REF_H

#include "maximum.h"

TCK_KERNEL void tck_maximum_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                    const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_maximum_element, 2, input_1, input_2, output);
}

#endif
