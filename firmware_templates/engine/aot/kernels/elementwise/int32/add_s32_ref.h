/* ADD on int32, of stored values, modulo 2^32. */
#ifndef TCK_ADD_S32_REF_H
#define TCK_ADD_S32_REF_H

#include "../binary/binary.h"

TCK_INLINE int32_t tck_add_s32_element(const tck_binary_params *p, int32_t a, int32_t b) {
    (void)p;
    return tck_add_wrap(a, b);
}

TCK_KERNEL void tck_add_s32_ref(const tck_binary_params *p, const int32_t *input_1,
                                const int32_t *input_2, int32_t *output) {
    tck_binary(p, tck_add_s32_element, 4, input_1, input_2, output);
}

#endif
