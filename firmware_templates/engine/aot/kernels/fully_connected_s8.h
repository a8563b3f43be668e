/* FULLY_CONNECTED on int8: parameters and the dot product that every variant shares. */
#ifndef TCK_FULLY_CONNECTED_S8_H
#define TCK_FULLY_CONNECTED_S8_H

#include "../tck_math.h"

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t weights_offset;
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t multiplier;
    int32_t shift;
    const int8_t *weights; /* [outputs, inputs] */
    const int32_t *bias;   /* [outputs]; holds the input's zero point */
} tck_fully_connected_s8_params;

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [outputs, inputs] */
    const int32_t *bias;        /* [outputs]; holds the input's zero point */
    const int32_t *multipliers; /* [outputs] */
    const int8_t *shifts;       /* [outputs] */
} tck_fully_connected_s8_per_channel_params;

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t weights_offset;
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    int64_t multiplier;
    int32_t shift;
    const int8_t *weights; /* [outputs, inputs] */
    const int32_t *bias;   /* [outputs]; holds the input's zero point */
} tck_fully_connected_s8_half_away_params;

typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
    const int8_t *weights;      /* [outputs, inputs] */
    const int32_t *bias;        /* [outputs]; holds the input's zero point */
    const int64_t *multipliers; /* [outputs] */
    const int8_t *shifts;       /* [outputs] */
} tck_fully_connected_s8_per_channel_half_away_params;

/* bias + sum of input[i] * (weights[i] + weights_offset) modulo 2^32. */
TCK_INLINE int32_t tck_fully_connected_s8_dot(const int8_t *input, const int8_t *weights,
                                              int32_t count, int32_t weights_offset, int32_t bias) {
    uint32_t sum = (uint32_t)bias;
    for (int32_t i = 0; i < count; ++i) {
        sum += (uint32_t)(input[i] * (weights[i] + weights_offset));
    }
    return (int32_t)sum;
}

#endif
