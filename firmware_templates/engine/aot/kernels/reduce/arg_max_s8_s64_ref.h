/* ARG_MAX on int8 along one dimension, as int64. */
#ifndef TCK_ARG_MAX_S8_S64_REF_H
#define TCK_ARG_MAX_S8_S64_REF_H

#include "arg_max_s8.h"

TCK_KERNEL void tck_arg_max_s8_s64_ref(const tck_arg_max_s8_params *p, const int8_t *input,
                                       int64_t *output) {
    tck_arg_max_s8_s64(p, 1, input, output);
}

#endif
