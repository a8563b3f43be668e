/* SOFTMAX on int8 to int8 at scale 1/256, zero point -128; the exponentials come from a table. */
#ifndef TCK_SOFTMAX_S8_REF_H
#define TCK_SOFTMAX_S8_REF_H

#include "softmax_s8.h"

TCK_SMALL void tck_softmax_s8_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                  int8_t *output) {
    tck_softmax_s8(p, tck_softmax_s8_tabled, input, output, 1);
}

#endif
