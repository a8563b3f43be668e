/* FULLY_CONNECTED on int8, weights as tokens, three in a word, requantised by two roundings. */
#ifndef TCK_FULLY_CONNECTED_TRIPLE_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H
#define TCK_FULLY_CONNECTED_TRIPLE_TOKENS_S8_TWO_ROUNDINGS_PLAIN_H

#include "fully_connected_book_tokens_s8.h"

TCK_KERNEL void tck_fully_connected_triple_tokens_s8_two_roundings_plain(
    const tck_fully_connected_book_tokens_s8_params *p, const int8_t *input, int8_t *output) {
    tck_fully_connected_book_tokens_s8(p, input, output, tck_triple_tokens_dot, 0);
}

#endif
