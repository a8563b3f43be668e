/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: parameters, and what its kernels share. Gates and cell
 * state are int16. */
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

/* A kernel uses those fields that its arithmetic has: weights and biases of each gate, or those of
 * all four gates of a unit together, in the order of TCK_LSTM_S8_GATES. */
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
    const uint16_t *sigmoid;       /* [256] */
    const uint32_t *input_stream;  /* as in fully_connected_s8_dsp.h, four outputs for each unit */
    const uint32_t *hidden_stream; /* the same of the recurrent weights */
    const int8_t *input_weights;   /* [units, inputs, 4] */
    const int8_t *hidden_weights;  /* [units, units, 4] */
    const int32_t *input_bias;     /* [units, 4] */
    const int32_t *hidden_bias;    /* [units, 4] */
} tck_lstm_s8_params;

/* input, forget, cell, output */
#define TCK_LSTM_S8_GATES 4

/* What the gates of a unit are made of: products of the input, and of the hidden state. */
typedef struct {
    int32_t input[TCK_LSTM_S8_GATES];
    int32_t hidden[TCK_LSTM_S8_GATES];
} tck_lstm_s8_sums;

/* One unit of one step, from its sums: changes its cell, returns its new hidden value. */
typedef int8_t (*tck_lstm_s8_unit)(const tck_lstm_s8_params *p, const tck_lstm_s8_sums *sums,
                                   int16_t *cell);

/* The new hidden values of one step; `unit` is inlined, since it is known where this is. */
typedef void (*tck_lstm_s8_step)(const tck_lstm_s8_params *p, tck_lstm_s8_unit unit,
                                 const int8_t *input, const int8_t *hidden, int16_t *cell,
                                 int8_t *output, uint32_t *scratch);

TCK_INLINE int32_t tck_lstm_s8_clamp(int32_t x) {
    return tck_clamp(x, INT16_MIN, INT16_MAX);
}

TCK_INLINE int32_t tck_lstm_s8_scale(int32_t x, tck_lstm_s8_scaling scaling) {
    return tck_multiply_two_roundings(x, scaling.multiplier, scaling.shift);
}

/* The sums of a unit in the four gates start from here. */
TCK_INLINE tck_lstm_s8_sums tck_lstm_s8_biases(const tck_lstm_s8_params *p, int32_t unit) {
    tck_lstm_s8_sums sums;
    for (int32_t gate = 0; gate < TCK_LSTM_S8_GATES; ++gate) {
        sums.input[gate] = p->input_bias[unit * TCK_LSTM_S8_GATES + gate];
        sums.hidden[gate] = p->hidden_bias[unit * TCK_LSTM_S8_GATES + gate];
    }
    return sums;
}

/* input rows [inputs], hidden and cell [batches, units] -> output rows [units]; `step` is inlined,
 * too. */
TCK_INLINE void tck_lstm_s8(const tck_lstm_s8_params *p, tck_lstm_s8_step step,
                            tck_lstm_s8_unit unit, const int8_t *input, int8_t *hidden,
                            int16_t *cell, int8_t *output, uint32_t *scratch) {
    for (int32_t b = 0; b < p->batches; ++b) {
        for (int32_t t = 0; t < p->steps; ++t) {
            const int32_t row = b * p->batch_stride + t * p->step_stride;
            int8_t *out = output + row * p->units;
            step(p, unit, input + row * p->inputs, hidden, cell, out, scratch);
            for (int32_t u = 0; u < p->units; ++u) {
                hidden[u] = out[u];
            }
        }
        hidden += p->units;
        cell += p->units;
    }
}

#endif
