/* MAXIMUM on int32, of stored values. */
#ifndef TCK_MAXIMUM_S32_REF_H
#define TCK_MAXIMUM_S32_REF_H

#include "../binary/maximum.h"

TCK_KERNEL void tck_maximum_s32_ref(const tck_binary_params *p, const int32_t *input_1,
                                    const int32_t *input_2, int32_t *output) {
    tck_binary(p, tck_maximum_element, 4, input_1, input_2, output);
}

#endif
