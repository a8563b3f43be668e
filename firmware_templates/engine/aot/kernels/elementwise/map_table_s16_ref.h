/* Any function of an int16, by interpolation. */
#ifndef TCK_MAP_TABLE_S16_REF_H
#define TCK_MAP_TABLE_S16_REF_H

#include "../common/interpolate_s16.h"

typedef struct {
    int32_t count;
    const int16_t *table; /* [513] */
} tck_map_table_s16_params;

TCK_KERNEL void tck_map_table_s16_ref(const tck_map_table_s16_params *p, const int16_t *input,
                                      int16_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int16_t)tck_interpolate_s16(input[i], p->table);
    }
}

#endif
