/* The integer arithmetic of the kernels: the one home of rounding and saturation in C.
 *
 * Every function reproduces a reference kernel's result to the last bit, and is tied by tests to
 * tinycompress/ir/arithmetic.py. Where a reference kernel's int32_t would overflow, these wrap. */
#ifndef TCK_MATH_H
#define TCK_MATH_H

#include <stdint.h>

/* Kernels are inlined where they are called: with the parameters of one layer in sight the
 * compiler turns shapes, offsets and multipliers into constants. Where layers share a kernel, the
 * generated code calls it from one function that is not inlined itself. */
#define TCK_KERNEL static inline __attribute__((always_inline))

#define TCK_INLINE static inline __attribute__((always_inline))

/* Instructions that others jump over by their size: the assembler refuses any but `bytes` of code.
 * .org cannot go backwards; .if would not do, as sizes are known only after it. */
#define TCK_CODE_BYTES(bytes, code)                                                                \
    "8:\n" code "9:\n"                                                                             \
    ".org . - (9b - 8b) + " bytes "\n"                                                             \
    ".org . - " bytes " + (9b - 8b)\n"

#if defined(__clang__)
#define TCK_SIZE_FIRST minsize
#else
#define TCK_SIZE_FIRST cold
#endif

/* A function that no caller is optimised by. GCC 12 drops the call of a layer whose loop reads and
 * writes one array at two strides, such as DEQUANTIZE: it takes the difference of both addresses as
 * a base of its own, and no longer sees that the array is written. */
#if defined(__GNUC__) && !defined(__clang__)
#define TCK_OPAQUE __attribute__((noipa))
#else
#define TCK_OPAQUE
#endif

/* What all layers run one copy of. Firmware that must be small asks for small ones. */
#if defined(TCK_PREFER_SMALL)
#define TCK_SHARED static __attribute__((noinline, unused, TCK_SIZE_FIRST))
#else
#define TCK_SHARED static __attribute__((noinline, unused))
#endif

/* The same, compiled for speed even then: short loops that an inference runs for every weight. */
#define TCK_SHARED_FAST static __attribute__((noinline, unused))

/* The same for what takes too little of an inference to be worth unrolling. */
#define TCK_SMALL static __attribute__((noinline, unused, TCK_SIZE_FIRST))

_Static_assert((-1 >> 1) == -1, "right shifts of negative numbers must be arithmetic");
_Static_assert((int32_t)UINT32_MAX == -1, "conversions to int32_t must be modulo 2^32");

TCK_INLINE int32_t tck_min(int32_t a, int32_t b) {
    return a < b ? a : b;
}

TCK_INLINE int32_t tck_max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

TCK_INLINE int32_t tck_clamp(int32_t x, int32_t low, int32_t high) {
    return tck_min(tck_max(x, low), high);
}

/* Memory that is written or read in other widths elsewhere, such as a plane. */
typedef int16_t __attribute__((may_alias)) tck_half;
typedef uint16_t __attribute__((may_alias)) tck_uhalf;
typedef uint32_t __attribute__((may_alias)) tck_halves;

/* x + y modulo 2^32. */
TCK_INLINE int32_t tck_add_wrap(int32_t x, int32_t y) {
    return (int32_t)((uint32_t)x + (uint32_t)y);
}

/* x - y modulo 2^32. */
TCK_INLINE int32_t tck_sub_wrap(int32_t x, int32_t y) {
    return (int32_t)((uint32_t)x - (uint32_t)y);
}

/* x * sign modulo 2^32; sign is 1 or -1. */
TCK_INLINE int32_t tck_multiply_sign(int32_t x, int32_t sign) {
    return (int32_t)((uint32_t)x * (uint32_t)sign);
}

/* x * 2^shift modulo 2^32, 0 <= shift <= 31. */
TCK_INLINE int32_t tck_shift_left_wrap(int32_t x, int32_t shift) {
    return (int32_t)((uint32_t)x << shift);
}

#if defined(__thumb__) && !defined(__thumb2__)
#define TCK_THUMB1 1
#else
#define TCK_THUMB1 0
#endif

/* The 64-bit product of two int32_t, from four products that Thumb-1 cores have an instruction for:
 * its high word, and the upper half of its low word. */
typedef struct {
    int32_t high;
    uint32_t next;
} tck_product;

TCK_INLINE tck_product tck_multiply_halves(int32_t x, int32_t y) {
    const int32_t x_low = (int32_t)((uint32_t)x & 0xFFFFU), x_high = x >> 16;
    const int32_t y_low = (int32_t)((uint32_t)y & 0xFFFFU), y_high = y >> 16;
    const uint32_t low = (uint32_t)x_low * (uint32_t)y_low;
    const int32_t middle = x_high * y_low + (int32_t)(low >> 16);
    const int32_t other = x_low * y_high + (int32_t)((uint32_t)middle & 0xFFFFU);
    const tck_product product = {x_high * y_high + (middle >> 16) + (other >> 16),
                                 (uint32_t)other & 0xFFFFU};
    return product;
}

/* Shared where it is long: on cores without a long multiplication. */
TCK_SHARED int32_t tck_doubling_high_mul_halves(int32_t x, int32_t y) {
    const tck_product product = tck_multiply_halves(x, y);
    return (int32_t)(((uint32_t)product.high << 1) + ((product.next + 0x4000U) >> 15));
}

TCK_SHARED int32_t tck_high_mul_halves(int32_t x, int32_t y) {
    return tck_multiply_halves(x, y).high;
}

/* x * y / 2^31 to nearest, halves upwards. Not both may be INT32_MIN. */
TCK_INLINE int32_t tck_doubling_high_mul(int32_t x, int32_t y) {
#if TCK_THUMB1
    return tck_doubling_high_mul_halves(x, y);
#else
    return (int32_t)(((int64_t)x * y + (INT64_C(1) << 30)) >> 31);
#endif
}

/* x * y / 2^15 of two int16 to nearest, halves upwards. Not both may be INT16_MIN. */
TCK_INLINE int32_t tck_doubling_high_mul_s16(int32_t x, int32_t y) {
    return (x * y + (1 << 14)) >> 15;
}

/* x * y / 2^32, rounded down. */
TCK_INLINE int32_t tck_high_mul(int32_t x, int32_t y) {
#if TCK_THUMB1
    return tck_high_mul_halves(x, y);
#else
    return (int32_t)(((int64_t)x * y) >> 32);
#endif
}

/* x / 2^exponent to nearest, halves away from zero, 0 <= exponent <= 31. */
TCK_INLINE int32_t tck_rounding_divide_by_pot(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31) with two roundings; multiplier >= 0, -31 <= shift <= 31. */
TCK_INLINE int32_t tck_multiply_two_roundings(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t product = tck_doubling_high_mul(tck_shift_left_wrap(x, left), multiplier);
    return tck_rounding_divide_by_pot(product, right);
}

/* x * multiplier * 2^-shift with one rounding, halves away from zero; 1 <= shift <= 62, and
 * |x| * multiplier + 2^(shift - 1) < 2^63. */
TCK_INLINE int64_t tck_multiply_half_away(int32_t x, int64_t multiplier, int32_t shift) {
    const int64_t half = INT64_C(1) << (shift - 1);
    return (x * multiplier + half - (x < 0 ? 1 : 0)) >> shift;
}

/* The upper 64 bits of a product of 128. */
TCK_SHARED uint64_t tck_high_mul_u64(uint64_t x, uint64_t y) {
    const uint64_t x_low = (uint32_t)x;
    const uint64_t y_low = (uint32_t)y;
    const uint64_t x_high = x >> 32;
    const uint64_t y_high = y >> 32;
    const uint64_t low = x_low * y_low;
    const uint64_t inner = x_high * y_low + (low >> 32);
    const uint64_t middle = x_low * y_high + (uint32_t)inner;
    return x_high * y_high + (inner >> 32) + (middle >> 32);
}

/* The same for a wide x and a multiplier of 62 bits: |x| < 2^47, 0 <= multiplier < 2^62,
 * 49 <= shift <= 110, and the result below 2^62. */
TCK_INLINE int64_t tck_multiply_half_away_wide(int64_t x, int64_t multiplier, int32_t shift) {
    const uint64_t magnitude = (uint64_t)(x < 0 ? -x : x);
    const uint64_t product = tck_high_mul_u64(magnitude << 16, (uint64_t)multiplier);
    const int64_t rounded = (int64_t)((product + (UINT64_C(1) << (shift - 49))) >> (shift - 48));
    return x < 0 ? -rounded : rounded;
}

/* x * multiplier * 2^(shift - 15), halves upwards, modulo 2^32; 0 <= multiplier < 2^15,
 * -31 <= shift <= 7, |x| < 2^47. */
TCK_INLINE int32_t tck_multiply_reduced(int64_t x, int32_t multiplier, int32_t shift) {
    const int64_t half = INT64_C(1) << (14 - shift);
    return (int32_t)((x * multiplier + half) >> (15 - shift));
}

/* x * 2^exponent, saturating; exponent >= 1. */
TCK_INLINE int32_t tck_saturating_shift_left(int32_t x, int32_t exponent) {
    const int32_t limit = INT32_MAX >> exponent;
    if (x > limit) {
        return INT32_MAX;
    }
    if (x < -limit - 1) {
        return INT32_MIN;
    }
    return tck_shift_left_wrap(x, exponent);
}

/* Leading zeros of a positive number. */
TCK_INLINE int32_t tck_leading_zeros(int32_t x) {
    return (int32_t)__builtin_clz((unsigned)x);
}

/* total / count to nearest, halves away from zero; count > 0. */
TCK_INLINE int32_t tck_rounded_average(int32_t total, int32_t count) {
    return total > 0 ? (total + count / 2) / count : (total - count / 2) / count;
}

/* 1 / (1 + x) for a Q0.31 in [0, 1), as a Q0.31: three Newton-Raphson steps on a Q2.29 that starts
 * from 48/17 - 32/17 d. */
TCK_INLINE int32_t tck_one_over_one_plus_x(int32_t x) {
    const int32_t half_denominator = (x >> 1) + (INT32_C(1) << 30);
    int32_t y = 1515870810 + tck_doubling_high_mul(half_denominator, -1010580540);
    for (int32_t step = 0; step < 3; ++step) {
        const int32_t error = (INT32_C(1) << 29) - tck_doubling_high_mul(half_denominator, y);
        y += tck_saturating_shift_left(tck_doubling_high_mul(y, error), 2);
    }
    return tck_saturating_shift_left(y, 1);
}

#endif
