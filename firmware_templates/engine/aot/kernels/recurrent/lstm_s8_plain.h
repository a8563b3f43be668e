/* UNIDIRECTIONAL_SEQUENCE_LSTM on int8: gates by interpolation in a table, the four gates of a unit
 * together. */
#ifndef TCK_LSTM_S8_PLAIN_H
#define TCK_LSTM_S8_PLAIN_H

#include <stddef.h>

#include "lstm_tables_s8.h"
#include "lstm_step_s8_plain.h"

TCK_KERNEL void tck_lstm_s8_plain(const tck_lstm_s8_params *p, const int8_t *input, int8_t *hidden,
                                  int16_t *cell, int8_t *output) {
    tck_lstm_s8(p, tck_lstm_step_s8_plain, tck_lstm_s8_tables_unit, input, hidden, cell, output,
                NULL);
}

#endif
