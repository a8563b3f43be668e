/* FULLY_CONNECTED on int8, one multiplier per output, two roundings. */
#ifndef TCK_FULLY_CONNECTED_PER_CHANNEL_S8_REF_H
#define TCK_FULLY_CONNECTED_PER_CHANNEL_S8_REF_H

#include "fully_connected_s8.h"

TCK_INLINE int32_t tck_fully_connected_per_channel_s8_ref_rescale(
    const tck_fully_connected_s8_params *p, int32_t sum, int32_t o) {
    const int32_t *const multipliers = (const int32_t *)p->multipliers;
    return tck_multiply_two_roundings(sum, multipliers[o], p->shifts[o]);
}

TCK_KERNEL void tck_fully_connected_per_channel_s8_ref(const tck_fully_connected_s8_params *p,
                                                       const int8_t *input, int8_t *output) {
    tck_fully_connected_s8(p, tck_fully_connected_per_channel_s8_ref_rescale, input, output);
}

#endif
