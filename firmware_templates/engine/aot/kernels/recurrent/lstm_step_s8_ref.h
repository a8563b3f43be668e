/* One step of an LSTM on int8: gate by gate, from weights as they lie in the file. */
#ifndef TCK_LSTM_STEP_S8_REF_H
#define TCK_LSTM_STEP_S8_REF_H

#include "lstm_s8.h"

TCK_INLINE int32_t tck_lstm_s8_dense_ref(const tck_lstm_s8_dense *dense, const int8_t *input,
                                         int32_t count, int32_t unit) {
    const int8_t *weights = dense->weights + unit * count;
    uint32_t sum = (uint32_t)dense->bias[unit];
    for (int32_t i = 0; i < count; ++i) {
        sum += (uint32_t)(input[i] * weights[i]);
    }
    return (int32_t)sum;
}

TCK_INLINE void tck_lstm_step_s8_ref(const tck_lstm_s8_params *p, tck_lstm_s8_unit unit,
                                     const int8_t *input, const int8_t *hidden, int16_t *cell,
                                     int8_t *output, uint32_t *scratch) {
    const tck_lstm_s8_gate *const gates[TCK_LSTM_S8_GATES] = {&p->input_gate, &p->forget_gate,
                                                              &p->cell_gate, &p->output_gate};
    (void)scratch;
    for (int32_t u = 0; u < p->units; ++u) {
        tck_lstm_s8_sums sums;
        for (int32_t gate = 0; gate < TCK_LSTM_S8_GATES; ++gate) {
            sums.input[gate] = tck_lstm_s8_dense_ref(&gates[gate]->input, input, p->inputs, u);
            sums.hidden[gate] = tck_lstm_s8_dense_ref(&gates[gate]->hidden, hidden, p->units, u);
        }
        output[u] = unit(p, &sums, cell + u);
    }
}

#endif
