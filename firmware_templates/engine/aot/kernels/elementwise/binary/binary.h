/* Element-wise operators on two inputs: parameters of every operator and type, and the loops. */
#ifndef TCK_BINARY_H
#define TCK_BINARY_H

#include "../../common/elements.h"

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
    return tck_multiply_two_roundings(tck_shift_left_wrap(a + p->offset_1, p->left_shift),
                                      p->multiplier_1, p->shift_1);
}

TCK_INLINE int32_t tck_binary_scaled_2(const tck_binary_params *p, int32_t b) {
    return tck_multiply_two_roundings(tck_shift_left_wrap(b + p->offset_2, p->left_shift),
                                      p->multiplier_2, p->shift_2);
}

/* Elements of so many bytes. `element` is inlined, since it is known where this is. */
TCK_INLINE void tck_binary(const tck_binary_params *p, tck_binary_element element, int32_t bytes,
                           const void *input_1, const void *input_2, void *output) {
    int32_t at = 0;
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                int32_t a = i * p->stride_1_0 + j * p->stride_1_1 + k * p->stride_1_2;
                int32_t b = i * p->stride_2_0 + j * p->stride_2_1 + k * p->stride_2_2;
                for (int32_t l = 0; l < p->size_3; ++l, ++at) {
                    const int32_t value =
                        element(p, tck_element(input_1, a, bytes), tck_element(input_2, b, bytes));
                    tck_set_element(output, at, value, bytes);
                    a += p->stride_1_3;
                    b += p->stride_2_3;
                }
            }
        }
    }
}

#endif
