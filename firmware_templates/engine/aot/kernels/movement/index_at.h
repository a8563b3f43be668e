/* Indices that are known on the device only. */
#ifndef TCK_INDEX_AT_H
#define TCK_INDEX_AT_H

#include "../../tck_math.h"

/* An index of 0 .. last; one beyond is taken for the nearest. */
typedef int32_t (*tck_index_at)(const void *indices, int32_t i, int32_t last);

TCK_INLINE int32_t tck_index_s32(const void *indices, int32_t i, int32_t last) {
    return tck_clamp(((const int32_t *)indices)[i], 0, last);
}

TCK_INLINE int32_t tck_index_s64(const void *indices, int32_t i, int32_t last) {
    const int64_t index = ((const int64_t *)indices)[i];
    return index < 0 ? 0 : index > last ? last : (int32_t)index;
}

#endif
