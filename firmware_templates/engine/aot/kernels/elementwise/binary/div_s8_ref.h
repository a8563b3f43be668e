/* DIV on int8. */
#ifndef TCK_DIV_S8_REF_H
#define TCK_DIV_S8_REF_H

#include "div.h"

TCK_KERNEL void tck_div_s8_ref(const tck_binary_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output) {
    tck_binary(p, tck_div_element, 1, input_1, input_2, output);
}

#endif
