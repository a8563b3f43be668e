/* Weights in flash as float32 or as IEEE 754 half precision, and sums of products with them. */
#ifndef TCK_WEIGHTS_F32_H
#define TCK_WEIGHTS_F32_H

#include "float32.h"

/* The value of a half-precision number, which single precision has exactly. */
#if defined(__ARM_FP) && (__ARM_FP & 2)
TCK_INLINE float tck_half_value(uint16_t half) {
    float value;
    __asm__("vmov %0, %1\n\tvcvtb.f32.f16 %0, %0" : "=t"(value) : "r"((uint32_t)half));
    return value;
}
#else
TCK_INLINE float tck_half_value(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000U) << 16;
    const uint32_t rest = half & 0x7FFFU;
    if (rest >= 0x7C00U) { /* infinity and NaN */
        return tck_float_of_bits(sign | 0x7F800000U | (rest << 13));
    }
    if (rest >= 0x0400U) {
        return tck_float_of_bits(sign | ((rest << 13) + ((127U - 15U) << 23)));
    }
    const float value = (float)(int32_t)rest * 0x1p-24f;
    return sign != 0U ? -value : value;
}
#endif

/* Weight `index` of weights of so many bytes, which are known where this is inlined. */
TCK_INLINE float tck_weight_f32(const void *weights, int32_t index, int32_t bytes) {
    return bytes == 4 ? ((const float *)weights)[index]
                      : tck_half_value(((const uint16_t *)weights)[index]);
}

/* Adds the products of `count` inputs with weights from `at` on to one sum, in their order. */
TCK_INLINE void tck_products_f32(const float *input, const void *weights, int32_t at, int32_t count,
                                 int32_t bytes, float *sum) {
    float total = *sum;
    for (int32_t i = 0; i < count; ++i) {
        total += input[i] * tck_weight_f32(weights, at + i, bytes);
    }
    *sum = total;
}

/* The same for four rows of weights, `row` from one to the next: each input is read once. */
TCK_INLINE void tck_four_products_f32(const float *input, const void *weights, int32_t at,
                                      int32_t row, int32_t count, int32_t bytes, float sums[4]) {
    float sum_0 = sums[0], sum_1 = sums[1], sum_2 = sums[2], sum_3 = sums[3];
    for (int32_t i = 0; i < count; ++i) {
        const float x = input[i];
        sum_0 += x * tck_weight_f32(weights, at + i, bytes);
        sum_1 += x * tck_weight_f32(weights, at + row + i, bytes);
        sum_2 += x * tck_weight_f32(weights, at + 2 * row + i, bytes);
        sum_3 += x * tck_weight_f32(weights, at + 3 * row + i, bytes);
    }
    sums[0] = sum_0;
    sums[1] = sum_1;
    sums[2] = sum_2;
    sums[3] = sum_3;
}

/* The same for two series of inputs, `step` from one to the other: each weight is read once. The
 * first four sums are those of the first series. */
TCK_INLINE void tck_eight_products_f32(const float *input, int32_t step, const void *weights,
                                       int32_t at, int32_t row, int32_t count, int32_t bytes,
                                       float sums[8]) {
    const float *other = input + step;
    float sum_0 = sums[0], sum_1 = sums[1], sum_2 = sums[2], sum_3 = sums[3];
    float sum_4 = sums[4], sum_5 = sums[5], sum_6 = sums[6], sum_7 = sums[7];
    for (int32_t i = 0; i < count; ++i) {
        const float x = input[i], y = other[i];
        const float weight_0 = tck_weight_f32(weights, at + i, bytes);
        const float weight_1 = tck_weight_f32(weights, at + row + i, bytes);
        const float weight_2 = tck_weight_f32(weights, at + 2 * row + i, bytes);
        const float weight_3 = tck_weight_f32(weights, at + 3 * row + i, bytes);
        sum_0 += x * weight_0;
        sum_1 += x * weight_1;
        sum_2 += x * weight_2;
        sum_3 += x * weight_3;
        sum_4 += y * weight_0;
        sum_5 += y * weight_1;
        sum_6 += y * weight_2;
        sum_7 += y * weight_3;
    }
    sums[0] = sum_0;
    sums[1] = sum_1;
    sums[2] = sum_2;
    sums[3] = sum_3;
    sums[4] = sum_4;
    sums[5] = sum_5;
    sums[6] = sum_6;
    sums[7] = sum_7;
}

#endif
