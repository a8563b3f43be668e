/* One element of SUB. */
#ifndef TCK_SUB_H
#define TCK_SUB_H

#include "binary.h"

TCK_INLINE int32_t tck_sub_element(const tck_binary_params *p, int32_t a, int32_t b) {
    const int32_t scaled_a = tck_binary_scaled_1(p, a);
    const int32_t scaled_b = tck_binary_scaled_2(p, b);
    return tck_binary_store(
        p, tck_multiply_two_roundings(scaled_a - scaled_b, p->output_multiplier, p->output_shift));
}

#endif
