/* SignalRfft on int16 with the DSP extension: a complex number is a word, its real part in the low
 * half. Products are rounded as they are summed; halves wrap by themselves. */
#ifndef TCK_SIGNAL_RFFT_S16_DSP_H
#define TCK_SIGNAL_RFFT_S16_DSP_H

#include "../../tck_simd.h"
#include "rfft.h"

#define TCK_PAIR_ROUND (1 << 14)
/* 1 / 2 and 1 / 4 in Q0.15, rounded down. */
#define TCK_PAIR_HALF    16383U
#define TCK_PAIR_QUARTER 8191U

TCK_INLINE uint32_t tck_pair_at(const int16_t *numbers, int32_t index) {
    return tck_load_word(numbers + 2 * index);
}

TCK_INLINE void tck_pair_put(int16_t *numbers, int32_t index, uint32_t pair) {
    tck_store_word(numbers + 2 * index, pair);
}

/* Bits 15 to 30 of both. */
TCK_INLINE uint32_t tck_pair_of_products(int32_t re, int32_t im) {
    return tck_pkhbt_lsl1((uint32_t)(re >> 15), (uint32_t)im);
}

TCK_INLINE uint32_t tck_pair_scale(uint32_t x, uint32_t factor) {
    return tck_pair_of_products(tck_smlabb(x, factor, TCK_PAIR_ROUND),
                                tck_smlatb(x, factor, TCK_PAIR_ROUND));
}

TCK_INLINE uint32_t tck_pair_multiply(uint32_t x, uint32_t y) {
    return tck_pair_of_products(tck_smlsd(x, y, TCK_PAIR_ROUND), tck_smladx(x, y, TCK_PAIR_ROUND));
}

TCK_INLINE uint32_t tck_pair_quarter(const int16_t *points, int32_t index) {
    return tck_pair_scale(tck_pair_at(points, index), TCK_PAIR_QUARTER);
}

TCK_INLINE uint32_t tck_pair_half(const int16_t *points, int32_t index) {
    return tck_pair_scale(tck_pair_at(points, index), TCK_PAIR_HALF);
}

/* Neighbouring samples are a complex number. */
TCK_INLINE void tck_pairs_load(const tck_signal_rfft_params *p, const int16_t *input,
                               int16_t *points) {
    int32_t pair = 0;
    for (int32_t point = 0; point < 1 << p->log2_points; ++point) {
        const int32_t at = 2 * pair;
        uint32_t x = 0;
        if (at + 1 < p->samples) {
            x = tck_load_word(input + at);
        } else if (at < p->samples) {
            x = tck_pair(input[at], 0);
        }
        tck_pair_put(points, point, x);
        pair = tck_rfft_next(pair, p->log2_points);
    }
}

/* The transform of four numbers that are `step` points apart. */
TCK_INLINE void tck_pairs_cross(int16_t *points, int32_t step, uint32_t a, uint32_t b, uint32_t c,
                                uint32_t d) {
    const uint32_t even = tck_sadd16(a, c);
    const uint32_t odd = tck_sadd16(b, d);
    const uint32_t u = tck_ssub16(a, c);
    const uint32_t v = tck_ssub16(b, d);
    tck_pair_put(points, 0, tck_sadd16(even, odd));
    tck_pair_put(points, step, tck_ssax(u, v));
    tck_pair_put(points, 2 * step, tck_ssub16(even, odd));
    tck_pair_put(points, 3 * step, tck_sasx(u, v));
}

/* Without roots: multiplying by the first, 32767, changes nothing that was divided before. */
TCK_INLINE void tck_pairs_first(int16_t *points, int32_t step) {
    tck_pairs_cross(points, step, tck_pair_quarter(points, 0), tck_pair_quarter(points, step),
                    tck_pair_quarter(points, 2 * step), tck_pair_quarter(points, 3 * step));
}

/* One transform of 4 `step` points from four of `step`. */
TCK_INLINE void tck_pairs_radix_4(int16_t *points, int32_t step, const int16_t *roots,
                                  int32_t stride) {
    tck_pairs_first(points, step);
    for (int32_t k = stride; k < step * stride; k += stride) {
        points += 2;
        const uint32_t b = tck_pair_quarter(points, step);
        const uint32_t c = tck_pair_quarter(points, 2 * step);
        const uint32_t d = tck_pair_quarter(points, 3 * step);
        tck_pairs_cross(points, step, tck_pair_quarter(points, 0),
                        tck_pair_multiply(b, tck_pair_at(roots, k)),
                        tck_pair_multiply(c, tck_pair_at(roots, 2 * k)),
                        tck_pair_multiply(d, tck_pair_at(roots, 3 * k)));
    }
}

TCK_INLINE void tck_pairs_transform(const tck_signal_rfft_params *p, int16_t *points) {
    const int32_t count = 1 << p->log2_points;
    int32_t step = 1;
    if ((p->log2_points & 1) != 0) {
        for (int32_t first = 0; first < count; first += 2) {
            const uint32_t a = tck_pair_half(points, first);
            const uint32_t b = tck_pair_half(points, first + 1);
            tck_pair_put(points, first, tck_sadd16(a, b));
            tck_pair_put(points, first + 1, tck_ssub16(a, b));
        }
        step = 2;
    }
    for (; step < count; step *= 4) {
        for (int32_t first = 0; first < count; first += 4 * step) {
            tck_pairs_radix_4(points + 2 * first, step, p->roots, count / (4 * step));
        }
    }
}

/* The spectrum of the samples from that of their pairs, in place: [N] -> [N + 1]. */
TCK_INLINE void tck_pairs_split(const tck_signal_rfft_params *p, int16_t *points) {
    const int32_t count = 1 << p->log2_points;
    const uint32_t mean = tck_pair_half(points, 0);
    tck_pair_put(points, 0, tck_pair(tck_lo(mean) + tck_hi(mean), 0));
    tck_pair_put(points, count, tck_pair(tck_lo(mean) - tck_hi(mean), 0));
    for (int32_t k = 1; k <= count / 2; ++k) {
        const uint32_t mirrored = tck_pair_at(points, count - k);
        const uint32_t conjugate = tck_pair(tck_lo(mirrored), -tck_hi(mirrored));
        const uint32_t one = tck_pair_half(points, k);
        const uint32_t other = tck_pair_scale(conjugate, TCK_PAIR_HALF);
        const uint32_t sum = tck_sadd16(one, other);
        const uint32_t turned =
            tck_pair_multiply(tck_ssub16(one, other), tck_pair_at(p->split_roots, k - 1));
        tck_pair_put(
            points, k,
            tck_pair((tck_lo(sum) + tck_lo(turned)) >> 1, (tck_hi(sum) + tck_hi(turned)) >> 1));
        tck_pair_put(
            points, count - k,
            tck_pair((tck_lo(sum) - tck_lo(turned)) >> 1, (tck_hi(turned) - tck_hi(sum)) >> 1));
    }
}

/* input [frames, samples] -> output [frames, N + 1, 2] */
TCK_KERNEL void tck_signal_rfft_s16_dsp(const tck_signal_rfft_params *p, const int16_t *input,
                                        int16_t *output) {
    for (int32_t frame = 0; frame < p->frames; ++frame) {
        tck_pairs_load(p, input, output);
        tck_pairs_transform(p, output);
        tck_pairs_split(p, output);
        input += p->samples;
        output += 2 * ((1 << p->log2_points) + 1);
    }
}

#endif
