/* SOFTMAX and LOG_SOFTMAX on float32: parameters, and what both need of a row. */
#ifndef TCK_SOFTMAX_F32_H
#define TCK_SOFTMAX_F32_H

#include "../common/float32.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    float beta; /* of SOFTMAX */
} tck_softmax_f32_params;

TCK_INLINE float tck_softmax_f32_largest(const float *row, int32_t depth) {
    float largest = row[0];
    for (int32_t i = 1; i < depth; ++i) {
        largest = tck_max_f32(largest, row[i]);
    }
    return largest;
}

#endif
