/* ARG_MAX and ARG_MIN on int8: parameters and loops of both. */
#ifndef TCK_ARG_MAX_S8_H
#define TCK_ARG_MAX_S8_H

#include "../../tck_math.h"

/* input [outer, count, inner] -> output [outer, inner] */
typedef struct {
    int32_t outer;
    int32_t count;
    int32_t inner;
} tck_arg_max_s8_params;

/* The first index of the largest `sign` times an element; `first` is [count, inner]. */
TCK_INLINE int32_t tck_arg_max_s8_best(const tck_arg_max_s8_params *p, int32_t sign,
                                       const int8_t *first) {
    int32_t best = 0;
    for (int32_t i = 1; i < p->count; ++i) {
        if (sign * first[i * p->inner] > sign * first[best * p->inner]) {
            best = i;
        }
    }
    return best;
}

TCK_INLINE void tck_arg_max_s8(const tck_arg_max_s8_params *p, int32_t sign, const int8_t *input,
                               int32_t *output) {
    for (int32_t a = 0; a < p->outer; ++a) {
        for (int32_t b = 0; b < p->inner; ++b) {
            *output++ = tck_arg_max_s8_best(p, sign, input + a * p->count * p->inner + b);
        }
    }
}

/* The same, as int64. */
TCK_INLINE void tck_arg_max_s8_s64(const tck_arg_max_s8_params *p, int32_t sign,
                                   const int8_t *input, int64_t *output) {
    for (int32_t a = 0; a < p->outer; ++a) {
        for (int32_t b = 0; b < p->inner; ++b) {
            *output++ = tck_arg_max_s8_best(p, sign, input + a * p->count * p->inner + b);
        }
    }
}

#endif
