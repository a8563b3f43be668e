/* SignalFilterBankLog on uint32: the natural logarithm by a table of the binary one. */
#ifndef TCK_SIGNAL_FILTER_BANK_LOG_U32_REF_H
#define TCK_SIGNAL_FILTER_BANK_LOG_U32_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t count;
    int32_t correction_bits; /* inputs are shifted to the left by these */
    int32_t scale;           /* of outputs */
    const uint16_t *excess;  /* [129]: log2(1 + i / 128) - i / 128, with 16 fractional bits */
} tck_signal_filter_bank_log_params;

/* log2(x) with 16 fractional bits, x > 0. The line between two entries of the table is nearly flat,
 * as the reference's. */
TCK_INLINE uint32_t tck_signal_log2(const uint16_t *excess, uint32_t x) {
    const int32_t whole = 31 - __builtin_clz(x);
    const uint32_t above = x - (1U << whole);
    const uint32_t fraction = whole < 16 ? above << (16 - whole) : above >> (whole - 16);
    const uint16_t *entry = excess + (fraction >> 9);
    const int32_t line = ((entry[1] - entry[0]) * (int32_t)(fraction & 0x1FFU)) >> 16;
    return ((uint32_t)whole << 16) + fraction + entry[0] + (uint32_t)line;
}

TCK_KERNEL void tck_signal_filter_bank_log_u32_ref(const tck_signal_filter_bank_log_params *p,
                                                   const uint32_t *input, int16_t *output) {
    const uint32_t half = 1U << 15;
    for (int32_t i = 0; i < p->count; ++i) {
        const uint32_t x = input[i] << p->correction_bits;
        uint32_t scaled = 0;
        if (x > 1) {
            /* 45426: ln 2 with 16 fractional bits. */
            const uint64_t natural = (UINT64_C(45426) * tck_signal_log2(p->excess, x) + half) >> 16;
            scaled = ((uint32_t)p->scale * (uint32_t)natural + half) >> 16;
        }
        output[i] = (int16_t)(scaled < INT16_MAX ? scaled : INT16_MAX);
    }
}

#endif
