/* ADD on int8, both inputs of the output's shape. */
#ifndef TCK_ADD_S8_REF_H
#define TCK_ADD_S8_REF_H

#include "add_s8.h"

TCK_KERNEL void tck_add_s8_ref(const tck_add_s8_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = tck_add_s8_element(&p->scaling, input_1[i], input_2[i]);
    }
}

#endif
