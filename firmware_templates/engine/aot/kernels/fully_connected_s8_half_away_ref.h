/* FULLY_CONNECTED on int8, one multiplier for all outputs, one rounding as LiteRT's reference. */
#ifndef TCK_FULLY_CONNECTED_S8_HALF_AWAY_REF_H
#define TCK_FULLY_CONNECTED_S8_HALF_AWAY_REF_H

#include "fully_connected_s8.h"

/* input [batches, inputs] -> output [batches, outputs] */
TCK_KERNEL void
tck_fully_connected_s8_half_away_ref(const tck_fully_connected_s8_half_away_params *p,
                                     const int8_t *input, int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t o = 0; o < p->outputs; ++o) {
            const int32_t acc = tck_fully_connected_s8_dot(
                input, p->weights + o * p->inputs, p->inputs, p->weights_offset, p->bias[o]);
            const int64_t scaled = tck_multiply_half_away(acc, p->multiplier, p->shift);
            *output++ =
                (int8_t)tck_clamp((int32_t)scaled + p->output_offset, p->clamp_min, p->clamp_max);
        }
        input += p->inputs;
    }
}

#endif
