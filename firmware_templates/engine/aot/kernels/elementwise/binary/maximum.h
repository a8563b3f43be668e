/* One element of MAXIMUM. */
#ifndef TCK_MAXIMUM_H
#define TCK_MAXIMUM_H

#include "binary.h"

TCK_INLINE int32_t tck_maximum_element(const tck_binary_params *p, int32_t a, int32_t b) {
    (void)p;
    return tck_max(a, b);
}

#endif
