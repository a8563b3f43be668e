/* ADD on int8 for cores with the DSP extension, where no line does it: both inputs of the output's
 * shape, and the reference's roundings.
 *
 * The input of the larger scale, the second here, is exactly (b + offset) << 19 after the
 * reference's rescaling. The first takes two roundings, unless both scales are equal. */
#ifndef TCK_ADD_S8_DSP_H
#define TCK_ADD_S8_DSP_H

#include "../../../tck_simd.h"
#include "../../common/clamp_s8.h"

typedef struct {
    int32_t count;
    int32_t offset_1;     /* of the first input, << 21 */
    int32_t multiplier_1; /* of the first input */
    int32_t power_1;      /* -2^(32 - right shift) of the first input */
    int32_t offset_2;     /* of the second input, << 19; of both where their scales are equal */
    int32_t multiplier;   /* of the sum */
    int32_t power;        /* -2^(32 - right shift) of the sum */
    int32_t output_offset;
    int32_t clamp_min;
    int32_t clamp_max;
} tck_add_s8_dsp_params;

/* Both inputs in 2^-20 of twice the larger scale. */
TCK_INLINE int32_t tck_add_s8_dsp_sum(const tck_add_s8_dsp_params *p, int32_t a, int32_t b,
                                      int32_t equal) {
    const int32_t second = p->offset_2 + b * (1 << 19);
    if (equal) {
        return second + a * (1 << 19);
    }
    const int32_t product = tck_smmulr(p->offset_1 + a * (1 << 21), p->multiplier_1);
    return tck_smmlsr(product + (product >> 31), p->power_1, second);
}

TCK_INLINE int8_t tck_add_s8_dsp_element(const tck_add_s8_dsp_params *p, int32_t a, int32_t b,
                                         int32_t equal) {
    const int32_t sum = tck_add_s8_dsp_sum(p, a, b, equal);
    const int32_t product = tck_smmulr(2 * sum, p->multiplier);
    return (int8_t)tck_ssat8(tck_smmlsr(product + (product >> 31), p->power, p->output_offset));
}

TCK_INLINE void tck_add_s8_dsp(const tck_add_s8_dsp_params *params, const int8_t *input_1,
                               const int8_t *input_2, int8_t *output, int32_t equal) {
    /* A copy, which stores to the output cannot change, stays in registers. */
    const tck_add_s8_dsp_params p = *params;
    const int8_t *const end = output + p.count;
    if (p.count & 1) {
        *output++ = tck_add_s8_dsp_element(&p, *input_1++, *input_2++, equal);
    }
    while (output != end) {
        const int32_t a = input_1[0], b = input_2[0], c = input_1[1], d = input_2[1];
        input_1 += 2;
        input_2 += 2;
        output[0] = tck_add_s8_dsp_element(&p, a, b, equal);
        output[1] = tck_add_s8_dsp_element(&p, c, d, equal);
        output += 2;
    }
    tck_clamp_s8(output - p.count, p.count, p.clamp_min, p.clamp_max);
}

#endif
