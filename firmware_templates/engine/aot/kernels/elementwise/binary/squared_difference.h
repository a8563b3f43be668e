/* One element of SQUARED_DIFFERENCE. */
#ifndef TCK_SQUARED_DIFFERENCE_H
#define TCK_SQUARED_DIFFERENCE_H

#include "binary.h"

TCK_INLINE int32_t tck_squared_difference_element(const tck_binary_params *p, int32_t a,
                                                  int32_t b) {
    const int32_t scaled_a = tck_binary_scaled_1(p, a);
    const int32_t scaled_b = tck_binary_scaled_2(p, b);
    /* Each is within +-2^14, on int8 and on int16, so that the square fits. */
    const int32_t difference = scaled_a - scaled_b;
    return tck_binary_store(p, tck_multiply_two_roundings(difference * difference,
                                                          p->output_multiplier, p->output_shift));
}

#endif
