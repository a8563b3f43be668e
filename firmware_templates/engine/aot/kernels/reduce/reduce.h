/* REDUCE_MAX and REDUCE_MIN: parameters and loops of every variant. */
#ifndef TCK_REDUCE_H
#define TCK_REDUCE_H

#include "../common/elements.h"

/* input [kept_0, reduced_0, kept_1, reduced_1, kept_2] -> output [kept_0, kept_1, kept_2] */
typedef struct {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
} tck_reduce_params;

typedef int32_t (*tck_reduce_choice)(int32_t a, int32_t b);

/* What is chosen of all elements from that at `first` on. */
TCK_INLINE int32_t tck_reduce_one(const tck_reduce_params *p, tck_reduce_choice choose,
                                  int32_t bytes, const void *input, int32_t first) {
    const int32_t stride_1 = p->kept_2;
    const int32_t stride_0 = p->kept_1 * p->reduced_1 * p->kept_2;
    int32_t result = tck_element(input, first, bytes);
    for (int32_t i = 0; i < p->reduced_0; ++i) {
        for (int32_t j = 0; j < p->reduced_1; ++j) {
            const int32_t at = first + i * stride_0 + j * stride_1;
            result = choose(result, tck_element(input, at, bytes));
        }
    }
    return result;
}

/* Elements of so many bytes. `choose` is inlined, since it is known where this is. */
TCK_INLINE void tck_reduce(const tck_reduce_params *p, tck_reduce_choice choose, int32_t bytes,
                           const void *input, void *output) {
    const int32_t row = p->reduced_1 * p->kept_2;
    int32_t at = 0;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t b = 0; b < p->kept_1; ++b) {
            const int32_t first = (a * p->reduced_0 * p->kept_1 + b) * row;
            for (int32_t c = 0; c < p->kept_2; ++c, ++at) {
                const int32_t value = tck_reduce_one(p, choose, bytes, input, first + c);
                tck_set_element(output, at, value, bytes);
            }
        }
    }
}

#endif
