/* Which taps of a sliding window lie inside the input, along one dimension. */
#ifndef TCK_WINDOW_H
#define TCK_WINDOW_H

#include "../../tck_math.h"

typedef struct {
    int32_t begin; /* first tap inside */
    int32_t end;   /* one past the last tap inside; not below begin */
} tck_taps;

/* Taps t in [0, count) for which 0 <= origin + t * dilation < size. */
TCK_INLINE tck_taps tck_taps_inside(int32_t origin, int32_t size, int32_t count, int32_t dilation) {
    const int32_t outside = origin < 0 ? (dilation - 1 - origin) / dilation : 0;
    const int32_t reach = origin < size ? (size - origin + dilation - 1) / dilation : 0;
    const int32_t begin = tck_min(outside, count);
    const tck_taps taps = {begin, tck_max(begin, tck_min(reach, count))};
    return taps;
}

#endif
