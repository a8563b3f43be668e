/* SignalFilterBankSpectralSubtraction on uint32: an estimate of the noise, and what is above it. */
#ifndef TCK_SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION_U32_REF_H
#define TCK_SIGNAL_FILTER_BANK_SPECTRAL_SUBTRACTION_U32_REF_H

#include "../../tck_math.h"

/* Factors have `bits` fractional bits, the estimate `smoothing_bits` more than the signal. */
typedef struct {
    int32_t channels;
    int32_t bits;
    int32_t smoothing_bits;
    int32_t smoothing_even; /* of channels 0, 2, ... */
    int32_t keeping_even;   /* one minus smoothing */
    int32_t smoothing_odd;
    int32_t keeping_odd;
    int32_t least; /* what remains of a signal at least */
    int32_t clamping;
} tck_signal_filter_bank_spectral_subtraction_params;

TCK_INLINE uint32_t tck_signal_noise(const tck_signal_filter_bank_spectral_subtraction_params *p,
                                     int32_t channel, uint32_t signal, uint32_t before) {
    const int32_t odd = channel & 1;
    const uint32_t smoothing = (uint32_t)(odd != 0 ? p->smoothing_odd : p->smoothing_even);
    const uint32_t keeping = (uint32_t)(odd != 0 ? p->keeping_odd : p->keeping_even);
    return (uint32_t)(((uint64_t)signal * smoothing + (uint64_t)before * keeping) >> p->bits);
}

/* state, noise [channels]: the estimate, kept and given */
TCK_KERNEL void tck_signal_filter_bank_spectral_subtraction_u32_ref(
    const tck_signal_filter_bank_spectral_subtraction_params *p, const uint32_t *input,
    uint32_t *state, uint32_t *output, uint32_t *noise) {
    for (int32_t i = 0; i < p->channels; ++i) {
        const uint32_t value = input[i];
        const uint32_t signal = value << p->smoothing_bits;
        const uint32_t estimate = tck_signal_noise(p, i, signal, state[i]);
        const uint32_t removed = estimate < signal ? estimate : signal;
        const uint32_t left = (signal - removed) >> p->smoothing_bits;
        const uint32_t least = (uint32_t)(((uint64_t)value * (uint32_t)p->least) >> p->bits);
        state[i] = p->clamping != 0 ? removed : estimate;
        noise[i] = state[i];
        output[i] = left > least ? left : least;
    }
}

#endif
