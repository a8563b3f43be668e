/* A function of an int16, given by its values at every 128th. */
#ifndef TCK_INTERPOLATE_S16_H
#define TCK_INTERPOLATE_S16_H

#include "../../tck_math.h"

/* table [513] */
TCK_INLINE int32_t tck_interpolate_s16(int32_t x, const int16_t *table) {
    const int16_t *low = table + 256 + (x >> 7);
    const int32_t slope = (int16_t)(low[1] - low[0]);
    return (int16_t)(low[0] + ((slope * (x & 0x7F) + 64) >> 7));
}

#endif
