/* A unit of an LSTM on int8, from its sums: gates computed in fixed point. */
#ifndef TCK_LSTM_FIXED_S8_H
#define TCK_LSTM_FIXED_S8_H

#include "../common/fixed_s16.h"
#include "lstm_s8.h"

/* What a gate's function is applied to. */
TCK_INLINE int32_t tck_lstm_s8_fixed_gate(const tck_lstm_s8_gate *gate,
                                          const tck_lstm_s8_sums *sums, int32_t number) {
    const int32_t from_input =
        tck_lstm_s8_clamp(tck_lstm_s8_scale(sums->input[number], gate->input.scaling));
    const int32_t from_hidden = tck_lstm_s8_scale(sums->hidden[number], gate->hidden.scaling);
    return tck_lstm_s8_clamp(tck_add_wrap(from_hidden, from_input));
}

TCK_INLINE int8_t tck_lstm_s8_fixed_unit(const tck_lstm_s8_params *p, const tck_lstm_s8_sums *sums,
                                         int16_t *cell) {
    const int32_t forget = tck_fixed_sigmoid_s16(tck_lstm_s8_fixed_gate(&p->forget_gate, sums, 1));
    const int32_t take = tck_fixed_sigmoid_s16(tck_lstm_s8_fixed_gate(&p->input_gate, sums, 0));
    const int32_t candidate = tck_fixed_tanh_s16(tck_lstm_s8_fixed_gate(&p->cell_gate, sums, 2), 3);
    const int32_t give = tck_fixed_sigmoid_s16(tck_lstm_s8_fixed_gate(&p->output_gate, sums, 3));
    const int32_t kept = tck_rounding_divide_by_pot(forget * *cell, 15);
    const int32_t added = tck_rounding_divide_by_pot(take * candidate, 15 + p->cell_integer_bits);
    const int32_t next = tck_clamp(tck_lstm_s8_clamp(kept + added), -p->cell_clip, p->cell_clip);
    *cell = (int16_t)next;
    const int32_t squashed = tck_fixed_tanh_s16(next, p->cell_integer_bits);
    const int32_t value = tck_lstm_s8_scale(squashed * give, p->hidden_scaling);
    return (int8_t)tck_clamp(value + p->hidden_offset, INT8_MIN, INT8_MAX);
}

#endif
