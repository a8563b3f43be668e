/* A real transform of 2 N samples by a complex one of N points. N is a power of two; stages of
 * radix 4, with one of radix 2 first where N is no power of four, decimated in time.
 *
 * Each stage divides by its radix before it multiplies by roots of unity. Source of the method: J.
 * W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series",
 * 1965; two real transforms in a complex one: Press et al., "Numerical Recipes", 12.3. */
#ifndef TCK_RFFT_H
#define TCK_RFFT_H

#include "../../tck_math.h"

typedef struct {
    int32_t frames;
    int32_t samples;            /* of a frame; zeros follow, up to 2 N */
    int32_t log2_points;        /* of N */
    const int16_t *roots;       /* [k, 2]: exp(-2 pi i k / N) */
    const int16_t *split_roots; /* [N / 2, 2]: exp(-pi i ((k + 1) / N + 1 / 2)) */
} tck_signal_rfft_params;

/* Point p begins as the pair of samples whose number has the digits of p in reverse order: of two
 * bits, but the lowest of p of one where the number of bits is odd. From the pair of one point to
 * that of the next, which is the carry of 1 + p from the other end. */
TCK_INLINE int32_t tck_rfft_next(int32_t pair, int32_t log2_points) {
    int32_t bits = (log2_points & 1) != 0 ? 1 : 2;
    int32_t place = log2_points - bits;
    while (place >= 0 && ((pair >> place) & ((1 << bits) - 1)) == (1 << bits) - 1) {
        pair &= ~(((1 << bits) - 1) << place);
        bits = 2;
        place -= 2;
    }
    return place >= 0 ? pair + (1 << place) : 0;
}

#endif
