/* Element-wise operators on two int8 inputs: parameters of every operator, and the loops. */
#ifndef TCK_BINARY_S8_H
#define TCK_BINARY_S8_H

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
} tck_binary_s8_params;

typedef int8_t (*tck_binary_s8_element)(const tck_binary_s8_params *p, int32_t a, int32_t b);

/* Add the output's zero point and limit. */
TCK_INLINE int8_t tck_binary_s8_store(const tck_binary_s8_params *p, int32_t value) {
    return (int8_t)tck_clamp(tck_add_wrap(value, p->output_offset), p->clamp_min, p->clamp_max);
}

/* `element` is inlined, since it is known where this is. */
TCK_INLINE void tck_binary_s8(const tck_binary_s8_params *p, tck_binary_s8_element element,
                              const int8_t *input_1, const int8_t *input_2, int8_t *output) {
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                const int8_t *a =
                    input_1 + i * p->stride_1_0 + j * p->stride_1_1 + k * p->stride_1_2;
                const int8_t *b =
                    input_2 + i * p->stride_2_0 + j * p->stride_2_1 + k * p->stride_2_2;
                for (int32_t l = 0; l < p->size_3; ++l) {
                    *output++ = element(p, a[l * p->stride_1_3], b[l * p->stride_2_3]);
                }
            }
        }
    }
}

#endif
