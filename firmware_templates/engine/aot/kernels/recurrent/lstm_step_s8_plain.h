/* One step of an LSTM on int8: the four gates of a unit together, so that each input is read once
 * for all of them. */
#ifndef TCK_LSTM_STEP_S8_PLAIN_H
#define TCK_LSTM_STEP_S8_PLAIN_H

#include "lstm_s8.h"

/* Adds the products of the inputs to the sums of four gates; weights [count, 4]. */
TCK_INLINE void tck_lstm_s8_dense_plain(const int8_t *weights, const int8_t *input, int32_t count,
                                        int32_t *sums) {
    uint32_t a = (uint32_t)sums[0];
    uint32_t b = (uint32_t)sums[1];
    uint32_t c = (uint32_t)sums[2];
    uint32_t d = (uint32_t)sums[3];
    for (int32_t i = 0; i < count; ++i, weights += TCK_LSTM_S8_GATES) {
        const int32_t value = input[i];
        a += (uint32_t)(value * weights[0]);
        b += (uint32_t)(value * weights[1]);
        c += (uint32_t)(value * weights[2]);
        d += (uint32_t)(value * weights[3]);
    }
    sums[0] = (int32_t)a;
    sums[1] = (int32_t)b;
    sums[2] = (int32_t)c;
    sums[3] = (int32_t)d;
}

TCK_INLINE void tck_lstm_step_s8_plain(const tck_lstm_s8_params *p, tck_lstm_s8_unit unit,
                                       const int8_t *input, const int8_t *hidden, int16_t *cell,
                                       int8_t *output, uint32_t *scratch) {
    const int8_t *from_input = p->input_weights;
    const int8_t *from_hidden = p->hidden_weights;
    (void)scratch;
    for (int32_t u = 0; u < p->units; ++u) {
        tck_lstm_s8_sums sums = tck_lstm_s8_biases(p, u);
        tck_lstm_s8_dense_plain(from_input, input, p->inputs, sums.input);
        tck_lstm_s8_dense_plain(from_hidden, hidden, p->units, sums.hidden);
        from_input += p->inputs * TCK_LSTM_S8_GATES;
        from_hidden += p->units * TCK_LSTM_S8_GATES;
        output[u] = unit(p, &sums, cell + u);
    }
}

#endif
