/* FULLY_CONNECTED on int8 by fast kernels: parameters and requantisation. */
#ifndef TCK_FULLY_CONNECTED_S8_FAST_H
#define TCK_FULLY_CONNECTED_S8_FAST_H

#include "../../tck_simd.h"
#include "../common/clamp_s8.h"

typedef struct {
    const uint32_t *stream; /* weights as the kernel reads them; none where these are encoded */
    const int32_t *biases;  /* apart, so that layers of equal weights share these */
    const int32_t *multipliers;
    const int16_t *addends; /* of the fitted line, or right shifts less one */
    uint16_t batches;
    uint16_t inputs;
    uint16_t outputs;
    uint16_t block; /* inputs, a multiple of four, of which sums of pairs can be taken */
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    uint8_t fraction_bits;      /* of the fitted line */
    uint8_t step;               /* 1 if every output has its own multiplier, 0 if they share it */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_fully_connected_s8_fast_params;

/* Where the tables of the next output are. */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const int16_t *addend;
} tck_fully_connected_s8_tables;

TCK_INLINE tck_fully_connected_s8_tables
tck_fully_connected_s8_row(const tck_fully_connected_s8_fast_params *p) {
    const tck_fully_connected_s8_tables tables = {p->biases, p->multipliers, p->addends};
    return tables;
}

/* Requantises the next outputs; returns the end of the outputs. */
TCK_INLINE int8_t *tck_fully_connected_s8_outputs(const tck_fully_connected_s8_fast_params *p,
                                                  const int32_t *sums, int32_t count,
                                                  tck_fully_connected_s8_tables *tables,
                                                  int8_t *output, int32_t fitted) {
    /* Copies, which stores to the output cannot change, stay in registers. */
    const int32_t step = p->step, fraction_bits = p->fraction_bits;
    const int32_t doubled_zero_point = p->doubled_zero_point;
    const int32_t *multipliers = tables->multiplier;
    const int16_t *addends = tables->addend;
    for (int32_t i = 0; i < count; ++i, multipliers += step, addends += step) {
        const int32_t addend = *addends;
        int32_t y;
        if (fitted) {
            y = tck_smmla(sums[i], *multipliers, addend) >> fraction_bits;
        } else {
            const int32_t rounding = tck_shift_left_wrap(doubled_zero_point, addend);
            y = tck_requantize(sums[i], *multipliers, addend + 1, rounding);
        }
        *output++ = (int8_t)tck_ssat8(y);
    }
    tables->multiplier = multipliers;
    tables->addend = addends;
    return output;
}

#endif
