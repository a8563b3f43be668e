/* Elements limited to a range, for activations that do not change the quantisation. */
#ifndef TCK_MAP_CLAMP_S8_REF_H
#define TCK_MAP_CLAMP_S8_REF_H

#include "map_s8.h"

TCK_KERNEL void tck_map_clamp_s8_ref(const tck_map_clamp_s8_params *p, const int8_t *input,
                                     int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int8_t)tck_clamp(input[i], p->clamp_min, p->clamp_max);
    }
}

#endif
