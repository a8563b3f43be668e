/* Elements of int8_t, int16_t or int32_t, for what differs by that alone. `bytes` is known where
 * these are inlined; a limit is asked for 1 or 2 only. */
#ifndef TCK_ELEMENTS_H
#define TCK_ELEMENTS_H

#include "../../tck_math.h"

TCK_INLINE int32_t tck_element(const void *elements, int32_t index, int32_t bytes) {
    if (bytes == 4) {
        return ((const int32_t *)elements)[index];
    }
    return bytes == 1 ? ((const int8_t *)elements)[index] : ((const int16_t *)elements)[index];
}

TCK_INLINE void tck_set_element(void *elements, int32_t index, int32_t value, int32_t bytes) {
    if (bytes == 4) {
        ((int32_t *)elements)[index] = value;
    } else if (bytes == 1) {
        ((int8_t *)elements)[index] = (int8_t)value;
    } else {
        ((int16_t *)elements)[index] = (int16_t)value;
    }
}

TCK_INLINE int32_t tck_lowest_element(int32_t bytes) {
    return bytes == 1 ? INT8_MIN : INT16_MIN;
}

TCK_INLINE int32_t tck_clamp_element(int32_t value, int32_t bytes) {
    return bytes == 1 ? tck_clamp(value, INT8_MIN, INT8_MAX)
                      : tck_clamp(value, INT16_MIN, INT16_MAX);
}

#endif
