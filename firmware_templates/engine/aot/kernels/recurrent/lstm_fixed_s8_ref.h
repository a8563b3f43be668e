/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: gates computed in fixed point. */
#ifndef TCK_LSTM_FIXED_S8_REF_H
#define TCK_LSTM_FIXED_S8_REF_H

#include <stddef.h>

#include "lstm_fixed_s8.h"
#include "lstm_step_s8_ref.h"

TCK_KERNEL void tck_lstm_fixed_s8_ref(const tck_lstm_s8_params *p, const int8_t *input,
                                      int8_t *hidden, int16_t *cell, int8_t *output) {
    tck_lstm_s8(p, tck_lstm_step_s8_ref, tck_lstm_s8_fixed_unit, input, hidden, cell, output, NULL);
}

#endif
