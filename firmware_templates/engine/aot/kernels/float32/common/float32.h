/* Single-precision arithmetic of the kernels: bits, limits, and the functions that C leaves to its
 * mathematical library. Every step is one IEEE 754 operation, rounded to nearest, so that all cores
 * have the same bits, with an FPU or with the compiler's own routines. */
#ifndef TCK_FLOAT32_H
#define TCK_FLOAT32_H

#include "../../../tck_math.h"

/* A product and its sum round separately, as in the reference. GCC does so for -std=c11. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

TCK_INLINE uint32_t tck_float_bits(float x) {
    const union {
        float value;
        uint32_t bits;
    } both = {.value = x};
    return both.bits;
}

TCK_INLINE float tck_float_of_bits(uint32_t bits) {
    const union {
        uint32_t bits;
        float value;
    } both = {.bits = bits};
    return both.value;
}

/* A NaN stays one. */
TCK_INLINE float tck_max_f32(float a, float b) {
    return a < b ? b : a;
}

TCK_INLINE float tck_min_f32(float a, float b) {
    return b < a ? b : a;
}

TCK_INLINE float tck_clamp_f32(float x, float low, float high) {
    return tck_min_f32(tck_max_f32(x, low), high);
}

/* 2^n, -126 <= n <= 127. */
TCK_INLINE float tck_power_of_2_f32(int32_t n) {
    return tck_float_of_bits((uint32_t)(n + 127) << 23);
}

/* ln 2 in two parts: a product of the first and a whole number below 2^9 is exact. */
#define TCK_LN_2_HIGH 0x1.62e4p-1f
#define TCK_LN_2_LOW  0x1.7f7d1cp-20f

/* e^x, within 1 ULP: x = n ln 2 + r, e^r by a polynomial (Cody and Waite, Software Manual for the
 * Elementary Functions, 1980, chapter 6). The coefficients are a minimax fit for |r| <= ln 2 / 2.
 */
TCK_SHARED_FAST float tck_exp_f32(float x) {
    if (!(x < 89.0f)) { /* overflows to infinity, or is NaN */
        return x > 0.0f ? tck_float_of_bits(0x7F800000U) : x;
    }
    if (x < -104.0f) {
        return 0.0f;
    }
    const int32_t n = (int32_t)(x * 0x1.715476p+0f + (x < 0.0f ? -0.5f : 0.5f));
    const float whole = (float)n;
    const float r = (x - whole * TCK_LN_2_HIGH) - whole * TCK_LN_2_LOW;
    const float p = 0.5f + r * (0x1.55548ep-3f +
                                r * (0x1.55545ep-5f + r * (0x1.123b52p-7f + r * 0x1.6db424p-10f)));
    const float result = 1.0f + (r + r * r * p);
    const int32_t half = n >> 1; /* 2^n itself may be no normal number */
    return result * tck_power_of_2_f32(half) * tck_power_of_2_f32(n - half);
}

/* The natural logarithm of a normal positive x, within 1 ULP of results that are not near 0:
 * x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and log(1 + f) = 2 artanh(s), s = f / (2 + f), by
 * a polynomial in s^2 (Cody and Waite, chapter 5), f - f^2 / 2 being taken out of it. */
TCK_SHARED_FAST float tck_log_f32(float x) {
    const uint32_t bits = tck_float_bits(x);
    if (bits >= 0x7F800000U) {
        return x;
    }
    const int32_t n = (int32_t)(bits - 0x3F3504F3U) >> 23;
    const float f = tck_float_of_bits(bits - ((uint32_t)n << 23)) - 1.0f;
    const float s = f / (2.0f + f);
    const float z = s * s;
    const float p = z * (0x1.55557ap-1f + z * (0x1.995ebap-2f + z * 0x1.31e2f2p-2f));
    const float half_square = 0.5f * f * f;
    const float whole = (float)n;
    const float rest = half_square - (s * (half_square + p) + whole * TCK_LN_2_LOW);
    return whole * TCK_LN_2_HIGH - (rest - f);
}

/* tanh x, within 2 ULP: by a polynomial near 0, by e^2x elsewhere (Cody and Waite, chapter 13). */
TCK_SHARED_FAST float tck_tanh_f32(float x) {
    const float size = x < 0.0f ? -x : x;
    if (size < 0.625f) {
        const float z = x * x;
        const float p = -0x1.555534p-2f +
                        z * (0x1.110768p-3f +
                             z * (-0x1.b84448p-5f + z * (0x1.5256d8p-6f + z * -0x1.76ac1ap-8f)));
        return x + x * (z * p);
    }
    const float magnitude = size > 9.1f ? 1.0f : 1.0f - 2.0f / (tck_exp_f32(size + size) + 1.0f);
    return x < 0.0f ? -magnitude : magnitude;
}

#endif
