/* FULLY_CONNECTED on int8, weights as tokens of a gap and a value, requantised by two roundings. */
#ifndef TCK_FULLY_CONNECTED_GAP_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_FULLY_CONNECTED_GAP_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H

#include "fully_connected_gap_tokens_s8.h"

TCK_KERNEL void tck_fully_connected_gap_tokens_s8_two_roundings_plain(
    const tck_fully_connected_gap_tokens_s8_params *p, const int8_t *input, int8_t *output,
    uint32_t *table) {
    tck_fully_connected_gap_tokens_s8(p, input, output, table, 0);
}

#endif
