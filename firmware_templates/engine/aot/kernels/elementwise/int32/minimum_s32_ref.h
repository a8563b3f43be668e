/* MINIMUM on int32, of stored values. */
#ifndef TCK_MINIMUM_S32_REF_H
#define TCK_MINIMUM_S32_REF_H

#include "../binary/minimum.h"

TCK_KERNEL void tck_minimum_s32_ref(const tck_binary_params *p, const int32_t *input_1,
                                    const int32_t *input_2, int32_t *output) {
    tck_binary(p, tck_minimum_element, 4, input_1, input_2, output);
}

#endif
