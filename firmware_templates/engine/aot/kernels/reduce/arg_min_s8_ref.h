/* ARG_MIN on int8 along one dimension. */
#ifndef TCK_ARG_MIN_S8_REF_H
#define TCK_ARG_MIN_S8_REF_H

#include "arg_max_s8.h"

TCK_KERNEL void tck_arg_min_s8_ref(const tck_arg_max_s8_params *p, const int8_t *input,
                                   int32_t *output) {
    tck_arg_max_s8(p, -1, input, output);
}

#endif
