/* FULLY_CONNECTED on int8, one multiplier per output, one rounding as LiteRT's reference. */
#ifndef TCK_FULLY_CONNECTED_PER_CHANNEL_S8_HALF_AWAY_REF_H
#define TCK_FULLY_CONNECTED_PER_CHANNEL_S8_HALF_AWAY_REF_H

#include "fully_connected_s8.h"

TCK_INLINE int32_t tck_fully_connected_per_channel_s8_half_away_ref_rescale(
    const tck_fully_connected_s8_params *p, int32_t sum, int32_t o) {
    const int64_t *const multipliers = (const int64_t *)p->multipliers;
    return (int32_t)tck_multiply_half_away(sum, multipliers[o], p->shifts[o]);
}

TCK_KERNEL void
tck_fully_connected_per_channel_s8_half_away_ref(const tck_fully_connected_s8_params *p,
                                                 const int8_t *input, int8_t *output) {
    tck_fully_connected_s8(p, tck_fully_connected_per_channel_s8_half_away_ref_rescale, input,
                           output);
}

#endif
