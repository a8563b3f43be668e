/* Weights of tiles for pixels_s8_dsp.h. */
#ifndef TCK_TILES_S8_DSP_H
#define TCK_TILES_S8_DSP_H

#include "../../../tck_simd.h"

/* Two pairs of int8 weights, the second channel's in the upper bytes, as two int16s. */
TCK_INLINE uint32_t tck_pair_of_bytes(uint32_t bytes) {
    /* The lower byte's sign is taken from what is above it. */
    return tck_ssub16(bytes ^ 0x00800080U, 0x00800080U);
}

TCK_SHARED_FAST void tck_pairs_of_bytes(uint32_t *words, int32_t count) {
    uint32_t *const end = words + count;
    for (; (count & 3) != 0; --count, ++words) {
        *words = tck_pair_of_bytes(*words);
    }
    for (; words != end; words += 4) {
        const uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        words[0] = tck_pair_of_bytes(a);
        words[1] = tck_pair_of_bytes(b);
        words[2] = tck_pair_of_bytes(c);
        words[3] = tck_pair_of_bytes(d);
    }
}

#endif
