/* ADD on int8 by one plane, in plain C. */
#ifndef TCK_ADD_PLANE_S8_PLAIN_H
#define TCK_ADD_PLANE_S8_PLAIN_H

#include "add_plane_s8.h"

/* inputs and output of `count` elements */
TCK_SHARED void tck_add_plane_s8_plain(const tck_add_plane_s8_params *params, const int8_t *input_1,
                                       const int8_t *input_2, int8_t *output) {
    /* A copy, which stores to the output cannot change, stays in registers. */
    const tck_add_plane_s8_params p = *params;
    for (int32_t i = 0; i < p.count; ++i) {
        output[i] = tck_add_plane_s8_element(&p, input_1[i], input_2[i]);
    }
    tck_clamp_s8(output, p.count, p.clamp_min, p.clamp_max);
}

#endif
