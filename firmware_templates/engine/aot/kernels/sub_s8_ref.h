/* SUB on int8. */
#ifndef TCK_SUB_S8_REF_H
#define TCK_SUB_S8_REF_H

#include "binary_s8.h"

TCK_INLINE int8_t tck_sub_s8_ref_element(const tck_binary_s8_params *p, int32_t a, int32_t b) {
    const int32_t left_shift = 20;
    const int32_t scaled_a = tck_multiply_double(tck_shift_left_wrap(a + p->offset_1, left_shift),
                                                 p->multiplier_1, p->shift_1);
    const int32_t scaled_b = tck_multiply_double(tck_shift_left_wrap(b + p->offset_2, left_shift),
                                                 p->multiplier_2, p->shift_2);
    return tck_binary_s8_store(
        p, tck_multiply_double(scaled_a - scaled_b, p->output_multiplier, p->output_shift));
}

TCK_KERNEL void tck_sub_s8_ref(const tck_binary_s8_params *p, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output) {
    tck_binary_s8(p, tck_sub_s8_ref_element, input_1, input_2, output);
}

#endif
