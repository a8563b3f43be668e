/* ADD on int8 by one plane that the host proved exact, in plain C: both inputs of the output's
 * shape. */
#ifndef TCK_ADD_S8_PLANE_PLAIN_H
#define TCK_ADD_S8_PLANE_PLAIN_H

#include "../tck_simd.h"
#include "clamp_s8.h"

/* No sum of both products and the addend, in any order, leaves int32_t. */
typedef struct {
    int32_t count;
    int32_t multiplier_1;
    int32_t multiplier_2;
    int32_t addend;
    int32_t shift; /* to the right */
    int32_t clamp_min;
    int32_t clamp_max;
} tck_add_s8_plane_plain_params;

TCK_SHARED void tck_add_s8_plane_plain(const tck_add_s8_plane_plain_params *p,
                                       const int8_t *input_1, const int8_t *input_2,
                                       int8_t *output) {
    const int32_t multiplier_1 = p->multiplier_1, multiplier_2 = p->multiplier_2;
    const int32_t addend = p->addend, shift = p->shift, count = p->count;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t sum = input_1[i] * multiplier_1 + input_2[i] * multiplier_2 + addend;
        output[i] = (int8_t)tck_ssat8(sum >> shift);
    }
    tck_clamp_s8(output, count, p->clamp_min, p->clamp_max);
}

#endif
