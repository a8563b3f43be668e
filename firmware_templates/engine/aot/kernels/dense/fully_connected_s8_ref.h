/* FULLY_CONNECTED on int8, one multiplier for all outputs, two roundings. */
#ifndef TCK_FULLY_CONNECTED_S8_REF_H
#define TCK_FULLY_CONNECTED_S8_REF_H

#include "fully_connected_s8.h"

TCK_INLINE int32_t tck_fully_connected_s8_ref_rescale(const tck_fully_connected_s8_params *p,
                                                      int32_t sum,
                                                      int32_t o __attribute__((unused))) {
    return tck_multiply_two_roundings(sum, (int32_t)p->multiplier, p->shift);
}

TCK_KERNEL void tck_fully_connected_s8_ref(const tck_fully_connected_s8_params *p,
                                           const int8_t *input, int8_t *output) {
    tck_fully_connected_s8(p, tck_fully_connected_s8_ref_rescale, input, output);
}

#endif
