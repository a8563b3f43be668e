/* SVDF on int8 with an int8 state: one filter at a time, its state shifted by one step. */
#ifndef TCK_SVDF_S8_REF_H
#define TCK_SVDF_S8_REF_H

#include "../tck_math.h"

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t units;
    int32_t rank;   /* filters of one unit */
    int32_t memory; /* steps that the state holds */
    int32_t state_zero_point;
    int32_t output_offset;
    int32_t state_multiplier;
    int32_t state_shift;
    int32_t output_multiplier;
    int32_t output_shift;
    const int8_t *feature_weights;  /* [units * rank, inputs] */
    const int32_t *feature_offsets; /* [units * rank]; the input's zero point */
    const int8_t *time_weights;     /* [units * rank, memory] */
    const int32_t *bias;            /* [units] */
} tck_svdf_s8_params;

/* Shift one filter's state, append its newest value, and return its sum over time. */
TCK_INLINE uint32_t tck_svdf_s8_ref_filter(const tck_svdf_s8_params *p, const int8_t *input,
                                           int32_t filter, int8_t *state) {
    const int8_t *features = p->feature_weights + filter * p->inputs;
    uint32_t dot = (uint32_t)p->feature_offsets[filter];
    for (int32_t i = 0; i < p->inputs; ++i) {
        dot += (uint32_t)(input[i] * features[i]);
    }
    const int32_t scaled = tck_multiply_double((int32_t)dot, p->state_multiplier, p->state_shift);
    for (int32_t m = 1; m < p->memory; ++m) {
        state[m - 1] = state[m];
    }
    state[p->memory - 1] = (int8_t)(tck_clamp(scaled, INT8_MIN, INT8_MAX) + p->state_zero_point);
    const int8_t *times = p->time_weights + filter * p->memory;
    uint32_t sum = 0;
    for (int32_t m = 0; m < p->memory; ++m) {
        sum += (uint32_t)times[m] * (uint32_t)(state[m] - p->state_zero_point);
    }
    return sum;
}

/* input [N, I], state [N, units * rank, memory] -> output [N, units] */
TCK_KERNEL void tck_svdf_s8_ref(const tck_svdf_s8_params *p, const int8_t *input, int8_t *state,
                                int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t u = 0; u < p->units; ++u) {
            uint32_t sum = (uint32_t)p->bias[u];
            for (int32_t r = 0; r < p->rank; ++r) {
                sum += tck_svdf_s8_ref_filter(p, input, u * p->rank + r, state);
                state += p->memory;
            }
            const int32_t scaled =
                tck_multiply_double((int32_t)sum, p->output_multiplier, p->output_shift);
            *output++ =
                (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), INT8_MIN, INT8_MAX);
        }
        input += p->inputs;
    }
}

#endif
