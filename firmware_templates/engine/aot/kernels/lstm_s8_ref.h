/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: gates and cell state are int16. */
#ifndef TCK_LSTM_S8_REF_H
#define TCK_LSTM_S8_REF_H

#include "lut_s16.h"

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
    int32_t tanh_multiplier;               /* from the cell to the table */
    int32_t tanh_shift;
    int32_t hidden_offset;
    const uint16_t *sigmoid; /* [256] */
} tck_lstm_s8_params;

TCK_INLINE int32_t tck_lstm_s8_clamp(int32_t x) {
    return tck_clamp(x, INT16_MIN, INT16_MAX);
}

TCK_INLINE int32_t tck_lstm_s8_scale(int32_t x, tck_lstm_s8_scaling scaling) {
    return tck_multiply_double(x, scaling.multiplier, scaling.shift);
}

/* One unit of a dense layer, as an int16. */
TCK_INLINE int32_t tck_lstm_s8_dense_unit(const tck_lstm_s8_dense *dense, const int8_t *input,
                                          int32_t count, int32_t unit) {
    const int8_t *weights = dense->weights + unit * count;
    uint32_t sum = (uint32_t)dense->bias[unit];
    for (int32_t i = 0; i < count; ++i) {
        sum += (uint32_t)(input[i] * weights[i]);
    }
    return tck_lstm_s8_clamp(tck_lstm_s8_scale((int32_t)sum, dense->scaling));
}

/* What a gate's function is applied to, times 3 as the table has it. */
TCK_INLINE int32_t tck_lstm_s8_gate_unit(const tck_lstm_s8_params *p, const tck_lstm_s8_gate *gate,
                                         const int8_t *input, const int8_t *hidden, int32_t unit) {
    const int32_t from_input = tck_lstm_s8_dense_unit(&gate->input, input, p->inputs, unit);
    const int32_t from_hidden = tck_lstm_s8_dense_unit(&gate->hidden, hidden, p->units, unit);
    return 3 * tck_lstm_s8_clamp(from_input + from_hidden);
}

/* One unit of one step: changes its cell, returns its new hidden value. */
TCK_INLINE int8_t tck_lstm_s8_unit(const tck_lstm_s8_params *p, const int8_t *input,
                                   const int8_t *hidden, int16_t *cell, int32_t unit) {
    const int32_t forget =
        tck_sigmoid_s16(tck_lstm_s8_gate_unit(p, &p->forget_gate, input, hidden, unit), p->sigmoid);
    const int32_t take =
        tck_sigmoid_s16(tck_lstm_s8_gate_unit(p, &p->input_gate, input, hidden, unit), p->sigmoid);
    const int32_t candidate =
        tck_tanh_s16(tck_lstm_s8_gate_unit(p, &p->cell_gate, input, hidden, unit), p->sigmoid);
    const int32_t give =
        tck_sigmoid_s16(tck_lstm_s8_gate_unit(p, &p->output_gate, input, hidden, unit), p->sigmoid);
    const int32_t kept = tck_lstm_s8_clamp(tck_lstm_s8_scale(forget * *cell, p->forget_scaling));
    const int32_t added =
        tck_lstm_s8_clamp(tck_lstm_s8_scale(take * candidate, p->candidate_scaling));
    const int32_t next = tck_clamp(tck_lstm_s8_clamp(kept + added), -p->cell_clip, p->cell_clip);
    *cell = (int16_t)next;
    const int32_t round = p->tanh_shift > 0 ? 1 << (p->tanh_shift - 1) : 0;
    const int32_t position = (next * p->tanh_multiplier + round) >> p->tanh_shift;
    const int32_t squashed = tck_tanh_s16(position, p->sigmoid);
    const int32_t value = tck_lstm_s8_scale(squashed * give, p->hidden_scaling);
    return (int8_t)tck_clamp(value + p->hidden_offset, INT8_MIN, INT8_MAX);
}

/* input rows [inputs], hidden and cell [batches, units] -> output rows [units] */
TCK_KERNEL void tck_lstm_s8_ref(const tck_lstm_s8_params *p, const int8_t *input, int8_t *hidden,
                                int16_t *cell, int8_t *output) {
    for (int32_t b = 0; b < p->batches; ++b) {
        for (int32_t t = 0; t < p->steps; ++t) {
            const int32_t row = b * p->batch_stride + t * p->step_stride;
            int8_t *out = output + row * p->units;
            for (int32_t u = 0; u < p->units; ++u) {
                out[u] = tck_lstm_s8_unit(p, input + row * p->inputs, hidden, cell + u, u);
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
