/* Functions of one int8 element: parameters of every variant. */
#ifndef TCK_MAP_S8_H
#define TCK_MAP_S8_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
    const int8_t *table; /* [256], indexed by the element plus 128 */
} tck_map_table_s8_params;

typedef struct {
    int32_t count;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_map_clamp_s8_params;

#endif
