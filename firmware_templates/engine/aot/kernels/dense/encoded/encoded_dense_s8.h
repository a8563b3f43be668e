/* FULLY_CONNECTED on int8 with encoded weights: what its kernels share. */
#ifndef TCK_ENCODED_DENSE_S8_H
#define TCK_ENCODED_DENSE_S8_H

#include "../fully_connected_s8_fast.h"

/* The sum and the products of decoded weights with inputs. */
#if TCK_DSP

TCK_SHARED int32_t tck_decoded_dot(const int8_t *weights, const int8_t *inputs, int32_t count,
                                   int32_t sum) {
    for (; count >= 4; count -= 4, weights += 4, inputs += 4) {
        const uint32_t w = tck_load_word(weights), x = tck_load_word(inputs);
        sum = tck_smlad(tck_sxtb16(w), tck_sxtb16(x), sum);
        sum = tck_smlad(tck_sxtb16_ror8(w), tck_sxtb16_ror8(x), sum);
    }
    for (; count > 0; --count) {
        sum = tck_add_wrap(sum, *weights++ * *inputs++);
    }
    return sum;
}

#else

TCK_SHARED int32_t tck_decoded_dot(const int8_t *weights, const int8_t *inputs, int32_t count,
                                   int32_t sum) {
    for (; count >= 4; count -= 4, weights += 4, inputs += 4) {
        const int32_t first = weights[0] * inputs[0] + weights[1] * inputs[1];
        const int32_t second = weights[2] * inputs[2] + weights[3] * inputs[3];
        sum = tck_add_wrap(sum, first + second);
    }
    for (; count > 0; --count) {
        sum = tck_add_wrap(sum, *weights++ * *inputs++);
    }
    return sum;
}

#endif
#endif
