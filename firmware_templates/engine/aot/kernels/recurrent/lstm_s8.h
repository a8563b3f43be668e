/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: parameters, dense sums and loops. Gates and cell state are
 * int16. */
#ifndef TCK_LSTM_S8_H
#define TCK_LSTM_S8_H

#include "../../tck_math.h"

typedef struct {
    int32_t multiplier;
    int32_t shift;
} tck_lstm_s8_scaling;

typedef struct {
    const int8_t *weights; /* [units, inputs] or [units, units] */
    const int32_t *bias;   /* [units]; holds the zero point */
    tck_lstm_s8_scaling scaling;
} tck_lstm_s8_dense;

typedef struct {
    tck_lstm_s8_dense input;
    tck_lstm_s8_dense hidden;
} tck_lstm_s8_gate;

/* A kernel uses those fields of the cell that its arithmetic has. */
typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t batch_stride; /* rows from one batch to the next, of input and output */
    int32_t step_stride;  /* rows from one step to the next */
    tck_lstm_s8_gate input_gate;
    tck_lstm_s8_gate forget_gate;
    tck_lstm_s8_gate cell_gate;
    tck_lstm_s8_gate output_gate;
    tck_lstm_s8_scaling forget_scaling;    /* forget gate x cell */
    tck_lstm_s8_scaling candidate_scaling; /* input gate x candidate */
    tck_lstm_s8_scaling hidden_scaling;    /* output gate x tanh of the cell */
    int32_t cell_clip;                     /* 32768 for none */
    int32_t cell_integer_bits;
    int32_t tanh_multiplier; /* from the cell to the table */
    int32_t tanh_shift;
    int32_t hidden_offset;
    const uint16_t *sigmoid; /* [256] */
} tck_lstm_s8_params;

/* One unit of one step: changes its cell, returns its new hidden value. */
typedef int8_t (*tck_lstm_s8_unit)(const tck_lstm_s8_params *p, const int8_t *input,
                                   const int8_t *hidden, int16_t *cell, int32_t unit);

TCK_INLINE int32_t tck_lstm_s8_clamp(int32_t x) {
    return tck_clamp(x, INT16_MIN, INT16_MAX);
}

TCK_INLINE int32_t tck_lstm_s8_scale(int32_t x, tck_lstm_s8_scaling scaling) {
    return tck_multiply_two_roundings(x, scaling.multiplier, scaling.shift);
}

/* One unit of a dense layer, rescaled to steps of 2^-12. */
TCK_INLINE int32_t tck_lstm_s8_dense_unit(const tck_lstm_s8_dense *dense, const int8_t *input,
                                          int32_t count, int32_t unit) {
    const int8_t *weights = dense->weights + unit * count;
    uint32_t sum = (uint32_t)dense->bias[unit];
    for (int32_t i = 0; i < count; ++i) {
        sum += (uint32_t)(input[i] * weights[i]);
    }
    return tck_lstm_s8_scale((int32_t)sum, dense->scaling);
}

/* input rows [inputs], hidden and cell [batches, units] -> output rows [units]; `unit` is inlined,
 * since it is known where this is. */
TCK_INLINE void tck_lstm_s8(const tck_lstm_s8_params *p, tck_lstm_s8_unit unit, const int8_t *input,
                            int8_t *hidden, int16_t *cell, int8_t *output) {
    for (int32_t b = 0; b < p->batches; ++b) {
        for (int32_t t = 0; t < p->steps; ++t) {
            const int32_t row = b * p->batch_stride + t * p->step_stride;
            int8_t *out = output + row * p->units;
            for (int32_t u = 0; u < p->units; ++u) {
                out[u] = unit(p, input + row * p->inputs, hidden, cell + u, u);
            }
            for (int32_t u = 0; u < p->units; ++u) {
                hidden[u] = out[u];
            }
        }
        hidden += p->units;
        cell += p->units;
    }
}

#endif
