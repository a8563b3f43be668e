/* A unit of an LSTM on int8, from its sums: gates by interpolation in a table. */
#ifndef TCK_LSTM_TABLES_S8_H
#define TCK_LSTM_TABLES_S8_H

#include "lstm_s8.h"
#include "../elementwise/lut_s16.h"

/* What a gate's function is applied to, times 3 as the table has it. */
TCK_INLINE int32_t tck_lstm_s8_tables_gate(const tck_lstm_s8_gate *gate,
                                           const tck_lstm_s8_sums *sums, int32_t number) {
    const int32_t from_input =
        tck_lstm_s8_clamp(tck_lstm_s8_scale(sums->input[number], gate->input.scaling));
    const int32_t from_hidden =
        tck_lstm_s8_clamp(tck_lstm_s8_scale(sums->hidden[number], gate->hidden.scaling));
    return 3 * tck_lstm_s8_clamp(from_input + from_hidden);
}

TCK_INLINE int8_t tck_lstm_s8_tables_unit(const tck_lstm_s8_params *p, const tck_lstm_s8_sums *sums,
                                          int16_t *cell) {
    const int32_t forget =
        tck_sigmoid_s16(tck_lstm_s8_tables_gate(&p->forget_gate, sums, 1), p->sigmoid);
    const int32_t take =
        tck_sigmoid_s16(tck_lstm_s8_tables_gate(&p->input_gate, sums, 0), p->sigmoid);
    const int32_t candidate =
        tck_tanh_s16(tck_lstm_s8_tables_gate(&p->cell_gate, sums, 2), p->sigmoid);
    const int32_t give =
        tck_sigmoid_s16(tck_lstm_s8_tables_gate(&p->output_gate, sums, 3), p->sigmoid);
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

#endif
