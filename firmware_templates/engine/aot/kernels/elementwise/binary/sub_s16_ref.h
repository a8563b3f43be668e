/* SUB on int16. */
#ifndef TCK_SUB_S16_REF_H
#define TCK_SUB_S16_REF_H

#include "sub.h"

TCK_KERNEL void tck_sub_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_sub_element, 2, input_1, input_2, output);
}

#endif
