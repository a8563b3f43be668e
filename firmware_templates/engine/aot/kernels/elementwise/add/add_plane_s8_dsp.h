/* ADD on int8 by one plane for cores with the DSP extension: the loop unrolled. */
#ifndef TCK_ADD_PLANE_S8_DSP_H
#define TCK_ADD_PLANE_S8_DSP_H

#include "add_plane_s8.h"

/* inputs and output of `count` elements */
TCK_SHARED void tck_add_plane_s8_dsp(const tck_add_plane_s8_params *params, const int8_t *input_1,
                                     const int8_t *input_2, int8_t *output) {
    /* A copy, which stores to the output cannot change, stays in registers. */
    const tck_add_plane_s8_params p = *params;
    int8_t *const begin = output;
    for (int32_t odd = p.count % 4; odd > 0; --odd) {
        *output++ = tck_add_plane_s8_element(&p, *input_1++, *input_2++);
    }
    for (const int8_t *const end = begin + p.count; output != end; input_1 += 4, input_2 += 4) {
        *output++ = tck_add_plane_s8_element(&p, input_1[0], input_2[0]);
        *output++ = tck_add_plane_s8_element(&p, input_1[1], input_2[1]);
        *output++ = tck_add_plane_s8_element(&p, input_1[2], input_2[2]);
        *output++ = tck_add_plane_s8_element(&p, input_1[3], input_2[3]);
    }
    tck_clamp_s8(begin, p.count, p.clamp_min, p.clamp_max);
}

#endif
