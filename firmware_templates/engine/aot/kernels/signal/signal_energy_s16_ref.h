/* SignalEnergy on int16: squared magnitudes of complex numbers. */
#ifndef TCK_SIGNAL_ENERGY_S16_REF_H
#define TCK_SIGNAL_ENERGY_S16_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count; /* of all complex numbers */
    int32_t begin; /* of those whose energy is taken; that of the others is 0 */
    int32_t end;
} tck_signal_energy_params;

/* input [count, 2] -> output [count] */
TCK_KERNEL void tck_signal_energy_s16_ref(const tck_signal_energy_params *p, const int16_t *input,
                                          uint32_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t re = input[2 * i];
        const int32_t im = input[2 * i + 1];
        const uint32_t energy = (uint32_t)(re * re) + (uint32_t)(im * im);
        output[i] = i >= p->begin && i < p->end ? energy : 0U;
    }
}

#endif
