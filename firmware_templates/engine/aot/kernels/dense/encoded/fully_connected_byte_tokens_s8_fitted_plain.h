/* FULLY_CONNECTED on int8, weights as tokens, four in a word, requantised by a fitted multiply-add.
 */
#ifndef TCK_FULLY_CONNECTED_BYTE_TOKENS_S8_FITTED_PLAIN_H
#define TCK_FULLY_CONNECTED_BYTE_TOKENS_S8_FITTED_PLAIN_H

#include "fully_connected_book_tokens_s8.h"

TCK_KERNEL void
tck_fully_connected_byte_tokens_s8_fitted_plain(const tck_fully_connected_book_tokens_s8_params *p,
                                                const int8_t *input, int8_t *output) {
    tck_fully_connected_book_tokens_s8(p, input, output, tck_byte_tokens_dot, 1);
}

#endif
