/* QUANTIZE from float32: the rounding that every output type shares. */
#ifndef TCK_QUANTIZE_F32_H
#define TCK_QUANTIZE_F32_H

#include "border.h"

/* x to the nearest integer, halves away from zero. Beyond +-limit, where every zero point
 * saturates, the limit stands for x; so it does for NaN, whose result no reference defines. */
TCK_INLINE int32_t tck_quantize_f32_round(float x, float limit) {
    const float limited = x < limit ? (x > -limit ? x : -limit) : limit;
    const int32_t whole = (int32_t)limited;
    const float rest = limited - (float)whole;
    return whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
}

#endif
