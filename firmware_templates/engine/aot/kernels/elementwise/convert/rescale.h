/* Quantised values on another scale, with a factor for each sign: LEAKY_RELU, ABS, RELU and
 * QUANTIZE of more than 8 bits. */
#ifndef TCK_RESCALE_H
#define TCK_RESCALE_H

#include "../../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t input_offset;
    int32_t output_offset;
    int32_t multiplier; /* of values from zero on */
    int32_t shift;
    int32_t negative_multiplier; /* of those below */
    int32_t negative_shift;
    int32_t sign_before; /* 1 or -1: of values below zero, before they are multiplied */
    int32_t sign_after;  /* and after */
    int32_t clamp_min;
    int32_t clamp_max;
} tck_rescale_params;

TCK_INLINE int32_t tck_rescale(const tck_rescale_params *p, int32_t stored) {
    const int32_t value = tck_add_wrap(stored, p->input_offset);
    int32_t scaled;
    if (value >= 0) {
        scaled = tck_multiply_two_roundings(value, p->multiplier, p->shift);
    } else {
        const int32_t product = tck_multiply_two_roundings(
            tck_multiply_sign(value, p->sign_before), p->negative_multiplier, p->negative_shift);
        scaled = tck_multiply_sign(product, p->sign_after);
    }
    return tck_clamp(tck_add_wrap(scaled, p->output_offset), p->clamp_min, p->clamp_max);
}

#endif
