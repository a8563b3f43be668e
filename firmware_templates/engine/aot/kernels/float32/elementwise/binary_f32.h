/* Element-wise operators on two inputs of float32: parameters, and the loops. */
#ifndef TCK_BINARY_F32_H
#define TCK_BINARY_F32_H

#include "../common/float32.h"

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
    float clamp_min;
    float clamp_max;
} tck_binary_f32_params;

typedef float (*tck_binary_f32_element)(float a, float b);

/* `element` is inlined, since it is known where this is. */
TCK_INLINE void tck_binary_f32(const tck_binary_f32_params *p, tck_binary_f32_element element,
                               const float *input_1, const float *input_2, float *output) {
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                int32_t a = i * p->stride_1_0 + j * p->stride_1_1 + k * p->stride_1_2;
                int32_t b = i * p->stride_2_0 + j * p->stride_2_1 + k * p->stride_2_2;
                for (int32_t l = 0; l < p->size_3; ++l) {
                    const float value = element(input_1[a], input_2[b]);
                    *output++ = tck_clamp_f32(value, p->clamp_min, p->clamp_max);
                    a += p->stride_1_3;
                    b += p->stride_2_3;
                }
            }
        }
    }
}

#endif
