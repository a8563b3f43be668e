/* REDUCE_MAX and REDUCE_MIN on int8: parameters and loops of both. */
#ifndef TCK_REDUCE_S8_H
#define TCK_REDUCE_S8_H

#include "../tck_math.h"

/* input [kept_0, reduced_0, kept_1, reduced_1, kept_2] -> output [kept_0, kept_1, kept_2] */
typedef struct {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
} tck_reduce_s8_params;

typedef int32_t (*tck_reduce_s8_choice)(int32_t a, int32_t b);

TCK_INLINE int8_t tck_reduce_s8_one(const tck_reduce_s8_params *p, tck_reduce_s8_choice choose,
                                    const int8_t *first) {
    const int32_t stride_1 = p->kept_2;
    const int32_t stride_0 = p->kept_1 * p->reduced_1 * p->kept_2;
    int32_t result = *first;
    for (int32_t i = 0; i < p->reduced_0; ++i) {
        for (int32_t j = 0; j < p->reduced_1; ++j) {
            result = choose(result, first[i * stride_0 + j * stride_1]);
        }
    }
    return (int8_t)result;
}

/* `choose` is inlined, since it is known where this is. */
TCK_INLINE void tck_reduce_s8(const tck_reduce_s8_params *p, tck_reduce_s8_choice choose,
                              const int8_t *input, int8_t *output) {
    const int32_t row = p->reduced_1 * p->kept_2;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t b = 0; b < p->kept_1; ++b) {
            const int8_t *first = input + (a * p->reduced_0 * p->kept_1 + b) * row;
            for (int32_t c = 0; c < p->kept_2; ++c) {
                *output++ = tck_reduce_s8_one(p, choose, first + c);
            }
        }
    }
}

#endif
