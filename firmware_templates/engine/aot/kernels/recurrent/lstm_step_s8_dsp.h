/* One step of an LSTM on int8 for cores with the DSP extension: the four gates of a unit are four
 * outputs of a dense layer, two of which share each product. */
#ifndef TCK_LSTM_STEP_S8_DSP_H
#define TCK_LSTM_STEP_S8_DSP_H

#include "../dense/fully_connected_s8_dsp.h"
#include "lstm_s8.h"

/* scratch: eight bytes for every four inputs, and for every four units. */
TCK_INLINE void tck_lstm_step_s8_dsp(const tck_lstm_s8_params *p, tck_lstm_s8_unit unit,
                                     const int8_t *input, const int8_t *hidden, int16_t *cell,
                                     int8_t *output, uint32_t *scratch) {
    const uint32_t *const inputs_end = tck_widen_inputs_dsp(scratch, input, p->inputs);
    uint32_t *const units = scratch + (inputs_end - scratch);
    const uint32_t *const units_end = tck_widen_inputs_dsp(units, hidden, p->units);
    const uint32_t *from_input = p->input_stream;
    const uint32_t *from_hidden = p->hidden_stream;
    for (int32_t u = 0; u < p->units; ++u) {
        tck_lstm_s8_sums sums = tck_lstm_s8_biases(p, u);
        from_input = tck_dot_4_dsp(from_input, scratch, inputs_end, sums.input);
        from_hidden = tck_dot_4_dsp(from_hidden, units, units_end, sums.hidden);
        output[u] = unit(p, &sums, cell + u);
    }
}

#endif
