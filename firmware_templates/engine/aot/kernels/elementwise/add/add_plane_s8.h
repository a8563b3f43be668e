/* ADD on int8 by one plane that the host proved exact: both inputs of the output's shape. */
#ifndef TCK_ADD_PLANE_S8_H
#define TCK_ADD_PLANE_S8_H

#include "../../../tck_simd.h"
#include "../../common/clamp_s8.h"

/* No sum of both products and the addend, in any order, leaves int32_t. */
typedef struct {
    int32_t count;
    int32_t multiplier_1;
    int32_t multiplier_2;
    int32_t addend;
    int8_t shift; /* to the right */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_add_plane_s8_params;

TCK_INLINE int8_t tck_add_plane_s8_element(const tck_add_plane_s8_params *p, int32_t a, int32_t b) {
    const int32_t sum = (p->addend + b * p->multiplier_2) + a * p->multiplier_1;
    return (int8_t)tck_ssat8(sum >> p->shift);
}

#endif
