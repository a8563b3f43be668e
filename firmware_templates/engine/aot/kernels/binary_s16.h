/* Element-wise operators on two int16 inputs: the loops. */
#ifndef TCK_BINARY_S16_H
#define TCK_BINARY_S16_H

#include "binary.h"

/* `element` is inlined, since it is known where this is. */
TCK_INLINE void tck_binary_s16(const tck_binary_params *p, tck_binary_element element,
                               const int16_t *input_1, const int16_t *input_2, int16_t *output) {
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                const int16_t *a =
                    input_1 + i * p->stride_1_0 + j * p->stride_1_1 + k * p->stride_1_2;
                const int16_t *b =
                    input_2 + i * p->stride_2_0 + j * p->stride_2_1 + k * p->stride_2_2;
                for (int32_t l = 0; l < p->size_3; ++l) {
                    *output++ = (int16_t)element(p, a[l * p->stride_1_3], b[l * p->stride_2_3]);
                }
            }
        }
    }
}

#endif
