/* SignalPCAN on uint32: per-channel amplitude normalisation by a gain that the noise decides. */
#ifndef TCK_SIGNAL_PCAN_U32_REF_H
#define TCK_SIGNAL_PCAN_U32_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t snr_shift;
    const int16_t
        *gains; /* for 0, 1, 2; then 4 per power of two: value, slope, curvature, unused */
} tck_signal_pcan_params;

/* A parabola between two powers of two; `x` with 10 bits below its highest is where. */
TCK_INLINE int32_t tck_signal_gain(const int16_t *gains, uint32_t x) {
    if (x <= 2) {
        return gains[x];
    }
    const int32_t bits = 32 - __builtin_clz(x);
    const int16_t *piece = gains + 4 * bits - 6;
    const uint32_t shifted = bits < 11 ? x << (11 - bits) : x >> (bits - 11);
    const int32_t fraction = (int32_t)(shifted & 0x3FFU);
    const int32_t slope = ((piece[2] * fraction) >> 5) + piece[1] * 32;
    return (int16_t)(((slope * fraction + (1 << 14)) >> 15) + piece[0]);
}

/* x with 12 fractional bits to x^2 / 4 below 2, x - 1 from there on, with 6. */
TCK_INLINE uint32_t tck_signal_shrunk(uint32_t x) {
    return x < 2U << 12 ? (x * x) >> 20 : (x >> 6) - (1U << 6);
}

TCK_KERNEL void tck_signal_pcan_u32_ref(const tck_signal_pcan_params *p, const uint32_t *input,
                                        const uint32_t *noise, uint32_t *output) {
    for (int32_t i = 0; i < p->count; ++i) {
        const uint32_t gain = (uint32_t)tck_signal_gain(p->gains, noise[i]);
        output[i] = tck_signal_shrunk((uint32_t)(((uint64_t)input[i] * gain) >> p->snr_shift));
    }
}

#endif
