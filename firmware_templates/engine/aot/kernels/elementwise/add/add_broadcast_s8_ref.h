/* ADD on int8 with broadcasting, up to four dimensions after merging. */
#ifndef TCK_ADD_BROADCAST_S8_REF_H
#define TCK_ADD_BROADCAST_S8_REF_H

#include "add_s8.h"

TCK_KERNEL void tck_add_broadcast_s8_ref(const tck_add_broadcast_s8_params *p,
                                         const int8_t *input_1, const int8_t *input_2,
                                         int8_t *output) {
    for (int32_t i = 0; i < p->size_0; ++i) {
        for (int32_t j = 0; j < p->size_1; ++j) {
            for (int32_t k = 0; k < p->size_2; ++k) {
                const int8_t *a =
                    input_1 + i * p->stride_1_0 + j * p->stride_1_1 + k * p->stride_1_2;
                const int8_t *b =
                    input_2 + i * p->stride_2_0 + j * p->stride_2_1 + k * p->stride_2_2;
                for (int32_t l = 0; l < p->size_3; ++l) {
                    *output++ =
                        tck_add_s8_element(&p->scaling, a[l * p->stride_1_3], b[l * p->stride_2_3]);
                }
            }
        }
    }
}

#endif
