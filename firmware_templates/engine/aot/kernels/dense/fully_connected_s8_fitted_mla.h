/* FULLY_CONNECTED on int8, requantised by a fitted multiply-add; see fully_connected_s8_mla.h. */
#ifndef TCK_FULLY_CONNECTED_S8_FITTED_MLA_H
#define TCK_FULLY_CONNECTED_S8_FITTED_MLA_H

#include "fully_connected_s8_mla.h"

TCK_SHARED void tck_fully_connected_s8_fitted_mla(const tck_fully_connected_s8_fast_params *p,
                                                  const int8_t *input, int8_t *output) {
    tck_fully_connected_s8_mla(p, input, output, 1);
}

#endif
