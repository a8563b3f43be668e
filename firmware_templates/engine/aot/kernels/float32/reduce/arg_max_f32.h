/* ARG_MAX and ARG_MIN on float32: parameters and loops of both. */
#ifndef TCK_ARG_MAX_F32_H
#define TCK_ARG_MAX_F32_H

#include "../common/float32.h"

/* input [outer, count, inner] -> output [outer, inner] */
typedef struct {
    int32_t outer;
    int32_t count;
    int32_t inner;
} tck_arg_max_f32_params;

/* The first index of the largest `sign` times an element; `first` is [count, inner]. */
TCK_INLINE int32_t tck_arg_max_f32_best(const tck_arg_max_f32_params *p, float sign,
                                        const float *first) {
    int32_t best = 0;
    for (int32_t i = 1; i < p->count; ++i) {
        if (sign * first[i * p->inner] > sign * first[best * p->inner]) {
            best = i;
        }
    }
    return best;
}

#endif
