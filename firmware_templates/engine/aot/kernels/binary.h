/* Element-wise operators on two inputs: parameters of every operator and type. */
#ifndef TCK_BINARY_H
#define TCK_BINARY_H

#include "../tck_math.h"

/* Offsets are added to stored values; an operator uses those factors that its arithmetic has. */
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
    int32_t left_shift; /* of both inputs, before they are scaled */
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
} tck_binary_params;

typedef int32_t (*tck_binary_element)(const tck_binary_params *p, int32_t a, int32_t b);

/* Add the output's zero point and limit. */
TCK_INLINE int32_t tck_binary_store(const tck_binary_params *p, int32_t value) {
    return tck_clamp(tck_add_wrap(value, p->output_offset), p->clamp_min, p->clamp_max);
}

/* Either input on the scale on which both are added or compared. */
TCK_INLINE int32_t tck_binary_scaled_1(const tck_binary_params *p, int32_t a) {
    return tck_multiply_double(tck_shift_left_wrap(a + p->offset_1, p->left_shift), p->multiplier_1,
                               p->shift_1);
}

TCK_INLINE int32_t tck_binary_scaled_2(const tck_binary_params *p, int32_t b) {
    return tck_multiply_double(tck_shift_left_wrap(b + p->offset_2, p->left_shift), p->multiplier_2,
                               p->shift_2);
}

#endif
