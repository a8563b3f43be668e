/* FULLY_CONNECTED on int8, one multiplier per output, two roundings. */
#ifndef TCK_FULLY_CONNECTED_S8_PER_CHANNEL_REF_H
#define TCK_FULLY_CONNECTED_S8_PER_CHANNEL_REF_H

#include "fully_connected_s8.h"

/* input [batches, inputs] -> output [batches, outputs] */
TCK_KERNEL void
tck_fully_connected_s8_per_channel_ref(const tck_fully_connected_s8_per_channel_params *p,
                                       const int8_t *input, int8_t *output) {
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t o = 0; o < p->outputs; ++o) {
            const int32_t acc = tck_fully_connected_s8_dot(input, p->weights + o * p->inputs,
                                                           p->inputs, 0, p->bias[o]);
            const int32_t scaled = tck_multiply_double(acc, p->multipliers[o], p->shifts[o]);
            *output++ = (int8_t)tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min,
                                          p->clamp_max);
        }
        input += p->inputs;
    }
}

#endif
