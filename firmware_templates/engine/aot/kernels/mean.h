/* MEAN and SUM: parameters of every variant. */
#ifndef TCK_MEAN_H
#define TCK_MEAN_H

#include "../tck_math.h"

/* The input is seen as [kept_0, reduced_0, kept_1, reduced_1, kept_2]: neighbouring dimensions that
 * are both kept or both reduced are one. */
typedef struct {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t sum_offset; /* minus the input's zero point, times the number of summed elements */
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
} tck_mean_params;

#endif
