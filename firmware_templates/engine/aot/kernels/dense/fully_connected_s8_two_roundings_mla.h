/* FULLY_CONNECTED on int8, requantised with two roundings; see fully_connected_s8_mla.h. */
#ifndef TCK_FULLY_CONNECTED_S8_TWO_ROUNDINGS_MLA_H
#define TCK_FULLY_CONNECTED_S8_TWO_ROUNDINGS_MLA_H

#include "fully_connected_s8_mla.h"

TCK_SHARED void
tck_fully_connected_s8_two_roundings_mla(const tck_fully_connected_s8_fast_params *p,
                                         const int8_t *input, int8_t *output) {
    tck_fully_connected_s8_mla(p, input, output, 0);
}

#endif
