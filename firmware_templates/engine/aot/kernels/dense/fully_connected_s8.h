/* FULLY_CONNECTED on int8: parameters and loops of the reference kernels. */
#ifndef TCK_FULLY_CONNECTED_S8_H
#define TCK_FULLY_CONNECTED_S8_H

#include "../../tck_math.h"

/* All outputs have one multiplier and shift, or each its own. */
typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t weights_offset; /* 0 where each output has its own multiplier */
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t shift;
    int64_t multiplier;
    const int8_t *weights;   /* [outputs, inputs] */
    const int32_t *bias;     /* [outputs]; holds the input's zero point */
    const void *multipliers; /* [outputs], int32_t for two roundings, int64_t for one */
    const int8_t *shifts;    /* [outputs] */
} tck_fully_connected_s8_params;

/* The sum of output o on the output's scale. */
typedef int32_t (*tck_fully_connected_s8_rescale)(const tck_fully_connected_s8_params *p,
                                                  int32_t sum, int32_t o);

/* bias + sum of input[i] * (weights[i] + weights_offset) modulo 2^32. */
TCK_INLINE int32_t tck_fully_connected_s8_dot(const tck_fully_connected_s8_params *p,
                                              const int8_t *input, int32_t o) {
    const int8_t *const weights = p->weights + o * p->inputs;
    uint32_t sum = (uint32_t)p->bias[o];
    for (int32_t i = 0; i < p->inputs; ++i) {
        sum += (uint32_t)(input[i] * (weights[i] + p->weights_offset));
    }
    return (int32_t)sum;
}

/* input [batches, inputs] -> output [batches, outputs]. `rescale` is inlined, since it is known
 * where this is. */
TCK_INLINE void tck_fully_connected_s8(const tck_fully_connected_s8_params *p,
                                       tck_fully_connected_s8_rescale rescale, const int8_t *input,
                                       int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t o = 0; o < p->outputs; ++o) {
            const int32_t scaled = rescale(p, tck_fully_connected_s8_dot(p, input, o), o);
            *output++ = (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min,
                                          p->clamp_max);
        }
        input += p->inputs;
    }
}

#endif
