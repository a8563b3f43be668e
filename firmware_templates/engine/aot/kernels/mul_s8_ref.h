/* MUL on int8. */
#ifndef TCK_MUL_S8_REF_H
#define TCK_MUL_S8_REF_H

#include "binary_s8.h"

TCK_INLINE int8_t tck_mul_s8_ref_element(const tck_binary_s8_params *p, int32_t a, int32_t b) {
    const int32_t product = (a + p->offset_1) * (b + p->offset_2);
    return tck_binary_s8_store(p,
                               tck_multiply_double(product, p->output_multiplier, p->output_shift));
}

TCK_KERNEL void tck_mul_s8_ref(const tck_binary_s8_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output) {
    tck_binary_s8(p, tck_mul_s8_ref_element, input_1, input_2, output);
}

#endif
