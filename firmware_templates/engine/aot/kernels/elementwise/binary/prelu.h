/* One element of PRELU: input 2 is the slope. */
#ifndef TCK_PRELU_H
#define TCK_PRELU_H

#include "binary.h"

TCK_INLINE int32_t tck_prelu_element(const tck_binary_params *p, int32_t a, int32_t b) {
    const int32_t value = a + p->offset_1;
    const int32_t scaled = value >= 0
                               ? tck_multiply_two_roundings(value, p->multiplier_1, p->shift_1)
                               : tck_multiply_two_roundings(value * (b + p->offset_2),
                                                            p->output_multiplier, p->output_shift);
    return tck_binary_store(p, scaled);
}

#endif
