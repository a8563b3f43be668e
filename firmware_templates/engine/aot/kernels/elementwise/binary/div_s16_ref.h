/* DIV on int16. */
#ifndef TCK_DIV_S16_REF_H
#define TCK_DIV_S16_REF_H

#include "div.h"

TCK_KERNEL void tck_div_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_div_element, 2, input_1, input_2, output);
}

#endif
