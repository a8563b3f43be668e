/* PAD on int8: parameters of every variant. */
#ifndef TCK_PAD_S8_H
#define TCK_PAD_S8_H

#include "../../tck_math.h"

/* Up to five dimensions; neighbouring ones without padding are one. */
typedef struct {
    int32_t input_0;
    int32_t input_1;
    int32_t input_2;
    int32_t input_3;
    int32_t input_4;
    int32_t before_0;
    int32_t before_1;
    int32_t before_2;
    int32_t before_3;
    int32_t before_4;
    int32_t output_1;
    int32_t output_2;
    int32_t output_3;
    int32_t output_4;
    int32_t output_count;
    int32_t value;
} tck_pad_s8_params;

#endif
