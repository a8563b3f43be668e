/* ADD on int16. */
#ifndef TCK_ADD_S16_REF_H
#define TCK_ADD_S16_REF_H

#include "../binary/binary.h"

TCK_INLINE int32_t tck_add_s16_ref_element(const tck_binary_params *p, int32_t a, int32_t b) {
    return tck_binary_store(
        p, tck_multiply_two_roundings(tck_binary_scaled_1(p, a) + tck_binary_scaled_2(p, b),
                                      p->output_multiplier, p->output_shift));
}

TCK_KERNEL void tck_add_s16_ref(const tck_binary_params *p, const int16_t *input_1,
                                const int16_t *input_2, int16_t *output) {
    tck_binary(p, tck_add_s16_ref_element, 2, input_1, input_2, output);
}

#endif
