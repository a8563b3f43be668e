/* PRELU on int8: input 2 is the slope. */
#ifndef TCK_PRELU_S8_REF_H
#define TCK_PRELU_S8_REF_H

#include "binary_s8.h"

TCK_INLINE int8_t tck_prelu_s8_ref_element(const tck_binary_s8_params *p, int32_t a, int32_t b) {
    const int32_t value = a + p->offset_1;
    const int32_t scaled = value >= 0 ? tck_multiply_double(value, p->multiplier_1, p->shift_1)
                                      : tck_multiply_double(value * (b + p->offset_2),
                                                            p->output_multiplier, p->output_shift);
    return tck_binary_s8_store(p, scaled);
}

TCK_KERNEL void tck_prelu_s8_ref(const tck_binary_s8_params *p, const int8_t *input_1,
                                 const int8_t *input_2, int8_t *output) {
    tck_binary_s8(p, tck_prelu_s8_ref_element, input_1, input_2, output);
}

#endif
