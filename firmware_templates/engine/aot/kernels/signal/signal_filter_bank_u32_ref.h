/* SignalFilterBank on uint32: each frequency's energy is shared by two neighbouring channels. */
#ifndef TCK_SIGNAL_FILTER_BANK_U32_REF_H
#define TCK_SIGNAL_FILTER_BANK_U32_REF_H

#include "../../tck_math.h"

/* Band b gives its energy, weighted, to channel b - 1, which ends there, and the rest to channel b,
 * which begins there. The first band is that before the first channel. */
typedef struct {
    int32_t channels;
    const uint16_t *starts;   /* [channels + 1]: the first frequency of a band */
    const uint16_t *widths;   /* [channels + 1]: frequencies of a band */
    const int16_t *weights;   /* of all bands, one after the other */
    const int16_t *unweights; /* for the next channel */
} tck_signal_filter_bank_params;

/* Modulo 2^64. */
TCK_KERNEL void tck_signal_filter_bank_u32_ref(const tck_signal_filter_bank_params *p,
                                               const uint32_t *input, uint64_t *output) {
    const int16_t *weights = p->weights;
    const int16_t *unweights = p->unweights;
    uint64_t begun = 0;
    for (int32_t band = 0; band <= p->channels; ++band) {
        const uint32_t *energies = input + p->starts[band];
        uint64_t sum = begun;
        begun = 0;
        for (int32_t i = 0; i < p->widths[band]; ++i) {
            sum += (uint64_t)((int64_t)energies[i] * *weights++);
            begun += (uint64_t)((int64_t)energies[i] * *unweights++);
        }
        if (band > 0) {
            output[band - 1] = sum;
        }
    }
}

#endif
