/* Functions of one float32: parameters of every one, and the loop. */
#ifndef TCK_MAP_F32_H
#define TCK_MAP_F32_H

#include "../common/float32.h"

typedef struct {
    int32_t count;
    float low; /* limits of a clamp; `low` is LEAKY_RELU's slope below 0 */
    float high;
} tck_map_f32_params;

typedef float (*tck_map_f32_element)(const tck_map_f32_params *p, float x);

/* `element` is inlined, since it is known where this is. Input and output may be the same. */
TCK_INLINE void tck_map_f32(const tck_map_f32_params *p, tck_map_f32_element element,
                            const float *input, float *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = element(p, input[i]);
    }
}

#endif
