/* FULLY_CONNECTED on int8, weights as tokens, two in a word, requantised by two roundings. */
#ifndef TCK_FULLY_CONNECTED_PAIR_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_FULLY_CONNECTED_PAIR_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H

#include "fully_connected_pair_tokens_s8.h"

TCK_KERNEL void tck_fully_connected_pair_tokens_s8_two_roundings_plain(
    const tck_fully_connected_pair_tokens_s8_params *p, const int8_t *input, int8_t *output) {
    tck_fully_connected_pair_tokens_s8(p, input, output, 0);
}

#endif
