/* FLOOR of multiples of `step` on int8: what a new operator brings in C. */
#ifndef TCK_FLOOR_S8_REF_H
#define TCK_FLOOR_S8_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t step; /* a power of two */
} tck_floor_s8_params;

/* input [count] -> output [count] */
TCK_KERNEL void tck_floor_s8_ref(const tck_floor_s8_params *p, const int8_t *input,
                                 int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int8_t)(input[i] & -p->step);
    }
}

#endif
