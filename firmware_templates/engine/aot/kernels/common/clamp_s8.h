/* Limits of a fused activation that saturation to int8 does not reach. */
#ifndef TCK_CLAMP_S8_H
#define TCK_CLAMP_S8_H

#include "../../tck_math.h"

TCK_INLINE void tck_clamp_s8(int8_t *values, int32_t count, int32_t low, int32_t high) {
    if (low > INT8_MIN || high < INT8_MAX) {
        for (int32_t i = 0; i < count; ++i) {
            values[i] = (int8_t)tck_clamp(values[i], low, high);
        }
    }
}

#endif
