/* Any function of one int8 element, by a table that the host computed. */
#ifndef TCK_MAP_TABLE_S8_REF_H
#define TCK_MAP_TABLE_S8_REF_H

#include "map_s8.h"

TCK_KERNEL void tck_map_table_s8_ref(const tck_map_table_s8_params *p, const int8_t *input,
                                     int8_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = p->table[input[i] + 128];
    }
}

#endif
