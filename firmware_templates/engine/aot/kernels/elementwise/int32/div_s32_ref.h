/* DIV on int32, of stored values. */
#ifndef TCK_DIV_S32_REF_H
#define TCK_DIV_S32_REF_H

#include "../binary/binary.h"

/* Rounded towards zero; b is not 0. INT32_MIN / -1 wraps. */
TCK_INLINE int32_t tck_div_s32_element(const tck_binary_params *p, int32_t a, int32_t b) {
    (void)p;
    return b == -1 ? tck_sub_wrap(0, a) : a / b;
}

TCK_KERNEL void tck_div_s32_ref(const tck_binary_params *p, const int32_t *input_1,
                                const int32_t *input_2, int32_t *output) {
    tck_binary(p, tck_div_s32_element, 4, input_1, input_2, output);
}

#endif
