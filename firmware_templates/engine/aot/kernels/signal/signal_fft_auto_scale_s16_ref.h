/* SignalFftAutoScale on int16: shift samples to the left by as much as the largest allows. */
#ifndef TCK_SIGNAL_FFT_AUTO_SCALE_S16_REF_H
#define TCK_SIGNAL_FFT_AUTO_SCALE_S16_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
} tck_signal_fft_auto_scale_params;

/* The largest magnitude as the reference finds it: that of -32768 is -32768 in 16 bits, which any
 * later sample exceeds. */
TCK_INLINE int32_t tck_signal_largest(const int16_t *input, int32_t count) {
    int32_t largest = 0;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t value = input[i];
        if (value > largest) {
            largest = value;
        } else if (-value > largest) {
            largest = (int16_t)-value;
        }
    }
    return largest;
}

/* bits: a single number, by how much the samples were shifted */
TCK_KERNEL void tck_signal_fft_auto_scale_s16_ref(const tck_signal_fft_auto_scale_params *p,
                                                  const int16_t *input, int16_t *output,
                                                  int32_t *bits) {
    const int32_t largest = tck_signal_largest(input, p->count);
    const int32_t shift = largest > 0 ? tck_leading_zeros(largest) - 17 : 0;
    for (int32_t i = 0; i < p->count; ++i) {
        output[i] = (int16_t)(input[i] * (1 << shift));
    }
    *bits = shift;
}

#endif
