/* SOFTMAX on int8 to int16 at scale 1/65536, zero point -32768. */
#ifndef TCK_SOFTMAX_S8_S16_REF_H
#define TCK_SOFTMAX_S8_S16_REF_H

#include "softmax_s8.h"

TCK_SMALL void tck_softmax_s8_s16_ref(const tck_softmax_s8_params *p, const int8_t *input,
                                      int16_t *output) {
    tck_softmax_s8(p, tck_softmax_s8_tabled, input, output, 2);
}

#endif
