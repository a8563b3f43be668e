/* MEAN, SUM, REDUCE_MAX and REDUCE_MIN on float32: parameters and loops. */
#ifndef TCK_REDUCE_F32_H
#define TCK_REDUCE_F32_H

#include "../common/float32.h"

/* input [kept_0, reduced_0, kept_1, reduced_1, kept_2] -> output [kept_0, kept_1, kept_2] */
typedef struct {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    float first;   /* what an element is joined to before all others */
    float divisor; /* of the result */
} tck_reduce_f32_params;

typedef float (*tck_reduce_f32_join)(float a, float b);

/* All elements from that at `first` on, joined in their order. */
TCK_INLINE float tck_reduce_f32_one(const tck_reduce_f32_params *p, tck_reduce_f32_join join,
                                    const float *first) {
    const int32_t stride_1 = p->kept_2;
    const int32_t stride_0 = p->kept_1 * p->reduced_1 * p->kept_2;
    float result = p->first;
    for (int32_t i = 0; i < p->reduced_0; ++i) {
        for (int32_t j = 0; j < p->reduced_1; ++j) {
            result = join(result, first[i * stride_0 + j * stride_1]);
        }
    }
    return result / p->divisor;
}

/* `join` is inlined, since it is known where this is. */
TCK_INLINE void tck_reduce_f32(const tck_reduce_f32_params *p, tck_reduce_f32_join join,
                               const float *input, float *output) {
    const int32_t row = p->reduced_1 * p->kept_2;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t b = 0; b < p->kept_1; ++b) {
            const float *first = input + (a * p->reduced_0 * p->kept_1 + b) * row;
            for (int32_t c = 0; c < p->kept_2; ++c) {
                *output++ = tck_reduce_f32_one(p, join, first + c);
            }
        }
    }
}

#endif
