/* One element of MINIMUM. */
#ifndef TCK_MINIMUM_H
#define TCK_MINIMUM_H

#include "binary.h"

TCK_INLINE int32_t tck_minimum_element(const tck_binary_params *p, int32_t a, int32_t b) {
    (void)p;
    return tck_min(a, b);
}

#endif
