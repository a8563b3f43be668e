/* FULLY_CONNECTED on int8 with encoded weights: what its kernels share. */
#ifndef TCK_ENCODED_DENSE_S8_H
#define TCK_ENCODED_DENSE_S8_H

#include "../../../tck_mve.h"
#include "../fully_connected_s8_fast.h"

/* The sum and the products of decoded weights with inputs. */
#if TCK_MVE

TCK_NAKED int32_t tck_decoded_dot(const int8_t *weights __attribute__((unused)),
                                  const int8_t *inputs __attribute__((unused)),
                                  int32_t count __attribute__((unused)),
                                  int32_t sum __attribute__((unused))) {
    __asm__ volatile("push    {r4, lr}\n"
                     "mov     r4, r3\n"
                     "wlstp.8 lr, r2, 2f\n"
                     "1:\n"
                     "vldrb.8 q0, [r0], #16\n"
                     "vldrb.8 q1, [r1], #16\n"
                     "vmladava.s8 r4, q0, q1\n"
                     "letp    lr, 1b\n"
                     "2:\n"
                     "mov     r0, r4\n"
                     "pop     {r4, pc}\n");
}

#elif TCK_DSP

TCK_SHARED int32_t tck_decoded_dot(const int8_t *weights, const int8_t *inputs, int32_t count,
                                   int32_t sum) {
    for (; count >= 8; count -= 8, weights += 8, inputs += 8) {
        const uint32_t w = tck_load_word(weights), x = tck_load_word(inputs);
        const uint32_t v = tck_load_word(weights + 4), y = tck_load_word(inputs + 4);
        sum = tck_smlad(tck_sxtb16(w), tck_sxtb16(x), sum);
        sum = tck_smlad(tck_sxtb16_ror8(w), tck_sxtb16_ror8(x), sum);
        sum = tck_smlad(tck_sxtb16(v), tck_sxtb16(y), sum);
        sum = tck_smlad(tck_sxtb16_ror8(v), tck_sxtb16_ror8(y), sum);
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
