/* SignalRfft on int16. */
#ifndef TCK_SIGNAL_RFFT_S16_REF_H
#define TCK_SIGNAL_RFFT_S16_REF_H

#include "complex_q15.h"
#include "rfft.h"

/* Neighbouring samples are a complex number. */
TCK_INLINE void tck_rfft_load(const tck_signal_rfft_params *p, const int16_t *input,
                              int16_t *points) {
    int32_t pair = 0;
    for (int32_t point = 0; point < 1 << p->log2_points; ++point) {
        const int32_t at = 2 * pair;
        const tck_complex x = {(int16_t)(at < p->samples ? input[at] : 0),
                               (int16_t)(at + 1 < p->samples ? input[at + 1] : 0)};
        tck_complex_put(points, point, x);
        pair = tck_rfft_next(pair, p->log2_points);
    }
}

TCK_INLINE tck_complex tck_rfft_quarter(const int16_t *points, int32_t index) {
    return tck_complex_scale(tck_complex_at(points, index), TCK_Q15_QUARTER);
}

TCK_INLINE tck_complex tck_rfft_half(const int16_t *points, int32_t index) {
    return tck_complex_scale(tck_complex_at(points, index), TCK_Q15_HALF);
}

/* The transform of four numbers that are `step` points apart, the first not yet divided. */
TCK_INLINE void tck_rfft_cross(int16_t *points, int32_t step, tck_complex b, tck_complex c,
                               tck_complex d) {
    const tck_complex a = tck_rfft_quarter(points, 0);
    const tck_complex even = tck_complex_add(a, c);
    const tck_complex odd = tck_complex_add(b, d);
    const tck_complex u = tck_complex_subtract(a, c);
    const tck_complex v = tck_complex_subtract(b, d);
    const tck_complex plus = {(int16_t)(u.re + v.im), (int16_t)(u.im - v.re)};
    const tck_complex minus = {(int16_t)(u.re - v.im), (int16_t)(u.im + v.re)};
    tck_complex_put(points, 0, tck_complex_add(even, odd));
    tck_complex_put(points, step, plus);
    tck_complex_put(points, 2 * step, tck_complex_subtract(even, odd));
    tck_complex_put(points, 3 * step, minus);
}

/* One transform of 4 `step` points from four of `step`. Multiplying by the first root, 32767,
 * changes nothing that was divided before. */
TCK_INLINE void tck_rfft_radix_4(int16_t *points, int32_t step, const int16_t *roots,
                                 int32_t stride) {
    for (int32_t j = 0; j < step; ++j, points += 2) {
        tck_complex b = tck_rfft_quarter(points, step);
        tck_complex c = tck_rfft_quarter(points, 2 * step);
        tck_complex d = tck_rfft_quarter(points, 3 * step);
        if (j > 0) {
            b = tck_complex_multiply(b, tck_complex_at(roots, j * stride));
            c = tck_complex_multiply(c, tck_complex_at(roots, 2 * j * stride));
            d = tck_complex_multiply(d, tck_complex_at(roots, 3 * j * stride));
        }
        tck_rfft_cross(points, step, b, c, d);
    }
}

/* The first stage, on pairs of points. */
TCK_INLINE void tck_rfft_radix_2(int16_t *points) {
    const tck_complex a = tck_rfft_half(points, 0);
    const tck_complex b = tck_rfft_half(points, 1);
    tck_complex_put(points, 0, tck_complex_add(a, b));
    tck_complex_put(points, 1, tck_complex_subtract(a, b));
}

TCK_INLINE void tck_rfft_transform(const tck_signal_rfft_params *p, int16_t *points) {
    const int32_t count = 1 << p->log2_points;
    int32_t step = 1;
    if ((p->log2_points & 1) != 0) {
        for (int32_t first = 0; first < count; first += 2) {
            tck_rfft_radix_2(points + 2 * first);
        }
        step = 2;
    }
    for (; step < count; step *= 4) {
        for (int32_t first = 0; first < count; first += 4 * step) {
            tck_rfft_radix_4(points + 2 * first, step, p->roots, count / (4 * step));
        }
    }
}

/* The spectrum of the samples from that of their pairs, in place: [N] -> [N + 1]. */
TCK_INLINE void tck_rfft_split(const tck_signal_rfft_params *p, int16_t *points) {
    const int32_t count = 1 << p->log2_points;
    const tck_complex mean = tck_rfft_half(points, 0);
    const tck_complex lowest = {(int16_t)(mean.re + mean.im), 0};
    const tck_complex highest = {(int16_t)(mean.re - mean.im), 0};
    tck_complex_put(points, 0, lowest);
    tck_complex_put(points, count, highest);
    for (int32_t k = 1; k <= count / 2; ++k) {
        const tck_complex mirrored = tck_complex_at(points, count - k);
        const tck_complex conjugate = {mirrored.re, (int16_t)-mirrored.im};
        const tck_complex one = tck_rfft_half(points, k);
        const tck_complex other = tck_complex_scale(conjugate, TCK_Q15_HALF);
        const tck_complex sum = tck_complex_add(one, other);
        const tck_complex turned = tck_complex_multiply(tck_complex_subtract(one, other),
                                                        tck_complex_at(p->split_roots, k - 1));
        const tck_complex low = {(int16_t)((sum.re + turned.re) >> 1),
                                 (int16_t)((sum.im + turned.im) >> 1)};
        const tck_complex high = {(int16_t)((sum.re - turned.re) >> 1),
                                  (int16_t)((turned.im - sum.im) >> 1)};
        tck_complex_put(points, k, low);
        tck_complex_put(points, count - k, high);
    }
}

/* input [frames, samples] -> output [frames, N + 1, 2] */
TCK_KERNEL void tck_signal_rfft_s16_ref(const tck_signal_rfft_params *p, const int16_t *input,
                                        int16_t *output) {
    for (int32_t frame = 0; frame < p->frames; ++frame) {
        tck_rfft_load(p, input, output);
        tck_rfft_transform(p, output);
        tck_rfft_split(p, output);
        input += p->samples;
        output += 2 * ((1 << p->log2_points) + 1);
    }
}

#endif
