/* Sums of four channels at a time for cores with the DSP extension, in 16 bits. */
#ifndef TCK_SUMS_S8_DSP_H
#define TCK_SUMS_S8_DSP_H

#include "../../tck_simd.h"

/* Elements whose sum fits 16 bits, whatever they are. */
#define TCK_SUM_ELEMENTS_DSP 255

typedef struct {
    uint32_t even; /* of channels 0 and 2 */
    uint32_t odd;  /* of channels 1 and 3 */
} tck_sums_dsp;

/* The sums and four channels of `count` pixels, which are `stride` apart. */
TCK_INLINE tck_sums_dsp tck_add_pixels_dsp(tck_sums_dsp sums, const int8_t *from, int32_t count,
                                           int32_t stride) {
    if (count & 1) {
        const uint32_t quad = tck_load_word(from);
        sums.even = tck_sxtab16(sums.even, quad);
        sums.odd = tck_sxtab16_ror8(sums.odd, quad);
        from += stride;
    }
    for (count >>= 1; count > 0; --count) {
        const uint32_t quad = tck_load_word(from), next = tck_load_word(from + stride);
        from += 2 * stride;
        sums.even = tck_sxtab16(sums.even, quad);
        sums.odd = tck_sxtab16_ror8(sums.odd, quad);
        sums.even = tck_sxtab16(sums.even, next);
        sums.odd = tck_sxtab16_ror8(sums.odd, next);
    }
    return sums;
}

/* The sum of channel i, 0 to 3. */
TCK_INLINE int32_t tck_sum_dsp(tck_sums_dsp sums, int32_t i) {
    const uint32_t pair = i & 1 ? sums.odd : sums.even;
    return i & 2 ? tck_hi(pair) : tck_lo(pair);
}

#endif
