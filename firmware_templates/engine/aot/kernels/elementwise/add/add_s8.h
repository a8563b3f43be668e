/* ADD on int8: parameters, and the sum of two elements that every variant shares. */
#ifndef TCK_ADD_S8_H
#define TCK_ADD_S8_H

#include "../../../tck_math.h"

typedef struct {
    int32_t offset_1;
    int32_t multiplier_1;
    int32_t shift_1;
    int32_t offset_2;
    int32_t multiplier_2;
    int32_t shift_2;
    int32_t output_offset;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_add_s8_scaling;

typedef struct {
    int32_t count;
    tck_add_s8_scaling scaling;
} tck_add_s8_params;

typedef struct {
    int32_t size_0; /* output [size_0, size_1, size_2, size_3] */
    int32_t size_1;
    int32_t size_2;
    int32_t size_3;
    int32_t stride_1_0; /* elements between neighbours of input 1; 0 where it is broadcast */
    int32_t stride_1_1;
    int32_t stride_1_2;
    int32_t stride_1_3;
    int32_t stride_2_0;
    int32_t stride_2_1;
    int32_t stride_2_2;
    int32_t stride_2_3;
    tck_add_s8_scaling scaling;
} tck_add_broadcast_s8_params;

TCK_INLINE int8_t tck_add_s8_element(const tck_add_s8_scaling *s, int32_t a, int32_t b) {
    const int32_t left_shift = 20;
    const int32_t scaled_a = tck_multiply_two_roundings(
        tck_shift_left_wrap(a + s->offset_1, left_shift), s->multiplier_1, s->shift_1);
    const int32_t scaled_b = tck_multiply_two_roundings(
        tck_shift_left_wrap(b + s->offset_2, left_shift), s->multiplier_2, s->shift_2);
    const int32_t sum =
        tck_multiply_two_roundings(scaled_a + scaled_b, s->output_multiplier, s->output_shift);
    return (int8_t)tck_clamp(sum + s->output_offset, s->clamp_min, s->clamp_max);
}

#endif
