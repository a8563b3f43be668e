/* SVDF on int8, for every type of state: one filter at a time, its state shifted by one step. */
#ifndef TCK_SVDF_S8_H
#define TCK_SVDF_S8_H

#include "../common/elements.h"

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
    const void *time_weights;       /* [units * rank, memory], of the state's type */
    const int32_t *bias;            /* [units] */
} tck_svdf_s8_params;

/* The newest value of one filter's state. */
TCK_INLINE int32_t tck_svdf_s8_newest(const tck_svdf_s8_params *p, const int8_t *input,
                                      int32_t filter, int32_t bytes) {
    const int8_t *features = p->feature_weights + filter * p->inputs;
    uint32_t dot = (uint32_t)p->feature_offsets[filter];
    for (int32_t i = 0; i < p->inputs; ++i) {
        dot += (uint32_t)(input[i] * features[i]);
    }
    const int32_t scaled =
        tck_multiply_two_roundings((int32_t)dot, p->state_multiplier, p->state_shift);
    return tck_clamp_element(scaled, bytes) + p->state_zero_point;
}

/* Shift one filter's state, append its newest value, and return its sum over time. The state of
 * filter f begins at element `first`, its weights at element f * memory. */
TCK_INLINE uint32_t tck_svdf_s8_filter(const tck_svdf_s8_params *p, const int8_t *input,
                                       int32_t filter, void *state, int32_t first, int32_t bytes) {
    const int32_t newest = tck_svdf_s8_newest(p, input, filter, bytes);
    for (int32_t m = 1; m < p->memory; ++m) {
        tck_set_element(state, first + m - 1, tck_element(state, first + m, bytes), bytes);
    }
    tck_set_element(state, first + p->memory - 1, newest, bytes);
    uint32_t sum = 0;
    for (int32_t m = 0; m < p->memory; ++m) {
        const int32_t weight = tck_element(p->time_weights, filter * p->memory + m, bytes);
        const int32_t value = tck_element(state, first + m, bytes);
        sum += (uint32_t)weight * (uint32_t)(value - p->state_zero_point);
    }
    return sum;
}

/* input [N, I], state [N, units * rank, memory] -> output [N, units] */
TCK_INLINE void tck_svdf_s8(const tck_svdf_s8_params *p, const int8_t *input, void *state,
                            int8_t *output, int32_t bytes) {
    int32_t first = 0;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t u = 0; u < p->units; ++u) {
            uint32_t sum = (uint32_t)p->bias[u];
            for (int32_t r = 0; r < p->rank; ++r) {
                sum += tck_svdf_s8_filter(p, input, u * p->rank + r, state, first, bytes);
                first += p->memory;
            }
            const int32_t scaled =
                tck_multiply_two_roundings((int32_t)sum, p->output_multiplier, p->output_shift);
            *output++ =
                (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), INT8_MIN, INT8_MAX);
        }
        input += p->inputs;
    }
}

#endif
