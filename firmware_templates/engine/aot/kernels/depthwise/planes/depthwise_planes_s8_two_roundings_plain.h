/* DEPTHWISE_CONV_2D on int8 in plain C, requantised with two roundings. */
#ifndef TCK_DEPTHWISE_PLANES_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_DEPTHWISE_PLANES_S8_TWO_ROUNDINGS_PLAIN_H

#include "depthwise_planes_s8_plain.h"

static void tck_depthwise_two_roundings_plain_band(const tck_depthwise_planes_s8_params *p,
                                                   const tck_half *plane, int32_t channel,
                                                   int32_t rows, int8_t *output, int32_t *scratch) {
    (void)scratch;
    tck_depthwise_plain_band(p, plane, channel, rows, output, 0);
}

TCK_KERNEL void tck_depthwise_planes_s8_two_roundings_plain(const tck_depthwise_planes_s8_params *p,
                                                            const int8_t *input, int8_t *output,
                                                            int32_t *scratch) {
    tck_depthwise_planes(p, input, output, scratch, tck_depthwise_two_roundings_plain_band,
                         tck_depthwise_gather_with_offset);
}

#endif
