/* One element of MUL. */
#ifndef TCK_MUL_H
#define TCK_MUL_H

#include "binary.h"

TCK_INLINE int32_t tck_mul_element(const tck_binary_params *p, int32_t a, int32_t b) {
    const int32_t product = (a + p->offset_1) * (b + p->offset_2);
    return tck_binary_store(
        p, tck_multiply_two_roundings(product, p->output_multiplier, p->output_shift));
}

#endif
