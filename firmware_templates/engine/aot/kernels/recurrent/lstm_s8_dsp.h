/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: gates by interpolation in a table, for cores with the DSP
 * extension. */
#ifndef TCK_LSTM_S8_DSP_H
#define TCK_LSTM_S8_DSP_H

#include "lstm_tables_s8.h"
#include "lstm_step_s8_dsp.h"

TCK_KERNEL void tck_lstm_s8_dsp(const tck_lstm_s8_params *p, const int8_t *input, int8_t *hidden,
                                int16_t *cell, int8_t *output, uint32_t *scratch) {
    tck_lstm_s8(p, tck_lstm_step_s8_dsp, tck_lstm_s8_tables_unit, input, hidden, cell, output,
                scratch);
}

#endif
