/* RSQRT on int16. */
#ifndef TCK_RSQRT_S16_REF_H
#define TCK_RSQRT_S16_REF_H

#include "../common/inverse_sqrt.h"

/* Bits behind the point that the root of a stored value has before it is scaled. */
#define TCK_RSQRT_S16_BITS 20

typedef struct {
    int32_t count;
    int32_t multiplier;
    int32_t shift; /* less TCK_RSQRT_S16_BITS */
} tck_rsqrt_s16_params;

/* That of 0 is the largest, and so is that of less, for which there is none. */
TCK_INLINE int32_t tck_rsqrt_s16_element(const tck_rsqrt_s16_params *p, int32_t x) {
    if (x <= 0) {
        return INT16_MAX;
    }
    int32_t shift;
    const int32_t inverse = tck_inverse_sqrt(x, &shift);
    const int32_t root = tck_multiply_two_roundings(1, inverse, shift + TCK_RSQRT_S16_BITS);
    return tck_clamp(tck_multiply_two_roundings(root, p->multiplier, p->shift), INT16_MIN,
                     INT16_MAX);
}

TCK_KERNEL void tck_rsqrt_s16_ref(const tck_rsqrt_s16_params *p, const int16_t *input,
                                  int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int16_t)tck_rsqrt_s16_element(p, input[i]);
    }
}

#endif
