/* FULLY_CONNECTED on int8, one or two weights of every four there, requantised by two roundings. */
#ifndef TCK_FULLY_CONNECTED_PATTERNS_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_FULLY_CONNECTED_PATTERNS_S8_TWO_ROUNDINGS_PLAIN_H

#include "fully_connected_patterns_s8.h"

TCK_KERNEL void
tck_fully_connected_patterns_s8_two_roundings_plain(const tck_fully_connected_patterns_s8_params *p,
                                                    const int8_t *input, int8_t *output,
                                                    uint32_t *table) {
    tck_fully_connected_patterns_s8(p, input, output, table, 0);
}

#endif
