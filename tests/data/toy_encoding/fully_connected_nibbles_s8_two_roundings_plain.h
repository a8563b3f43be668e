/* FULLY_CONNECTED on int8, two weights of four bits in a byte: two_roundings. */
#ifndef TCK_FULLY_CONNECTED_NIBBLES_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_FULLY_CONNECTED_NIBBLES_S8_TWO_ROUNDINGS_PLAIN_H

#include "fully_connected_nibbles_s8.h"

TCK_KERNEL void
tck_fully_connected_nibbles_s8_two_roundings_plain(const tck_fully_connected_nibbles_s8_params *p,
                                                   const int8_t *input, int8_t *output) {
    tck_fully_connected_nibbles_s8(p, input, output, 0);
}

#endif
