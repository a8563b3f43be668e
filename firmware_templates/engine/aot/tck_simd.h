/* The Armv7E-M DSP instructions that kernels use, one function each. Where the core lacks them the
 * same functions are plain C, so that every kernel also runs, and is tested, on a PC.
 *
 * A pair is two int16_t in a word, lo and hi; a quad is four int8_t, the first in the low byte.
 * Sums wrap. Loads and stores may be unaligned and expect a little-endian core. */
#ifndef TCK_SIMD_H
#define TCK_SIMD_H

#include <stdint.h>

#include "tck_math.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP && defined(__thumb2__)
#define TCK_DSP 1
#else
#define TCK_DSP 0
#endif

/* Cores with and without the DSP extension that have the other instructions of Armv7-M. */
#if defined(__thumb2__)
#define TCK_THUMB2 1
#else
#define TCK_THUMB2 0
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "kernels read several int8_t as one little-endian word"
#endif

/* Functions that are assembly throughout: parameters are used, though not by name. GCC must not
 * conclude from a body that it cannot read which registers and memory a call leaves alone. */
#if defined(__has_attribute)
#if __has_attribute(noipa)
#define TCK_NAKED static __attribute__((naked, noinline, noipa, unused))
#endif
#endif
#ifndef TCK_NAKED
#define TCK_NAKED static __attribute__((naked, noinline, unused))
#endif

typedef uint32_t __attribute__((may_alias, aligned(1))) tck_word;

TCK_INLINE uint32_t tck_load_word(const void *from) {
    return *(const tck_word *)from;
}

TCK_INLINE void tck_store_word(void *to, uint32_t word) {
    *(tck_word *)to = word;
}

TCK_INLINE int32_t tck_lo(uint32_t pair) {
    return (int16_t)(pair & 0xFFFFU);
}

TCK_INLINE int32_t tck_hi(uint32_t pair) {
    return (int16_t)(pair >> 16);
}

TCK_INLINE uint32_t tck_pair(int32_t lo, int32_t hi) {
    return ((uint32_t)lo & 0xFFFFU) | (uint32_t)hi << 16;
}

/* x limited to int8_t. */
TCK_INLINE int32_t tck_ssat8(int32_t x) {
#if TCK_THUMB2
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
#else
    return (int8_t)((uint32_t)x & 0xFFU) == x ? x : x >> 31 ^ INT8_MAX;
#endif
}

#if TCK_DSP

#define TCK_OF_ONE(name, type, text)                                                               \
    TCK_INLINE type name(uint32_t x) {                                                             \
        type result;                                                                               \
        __asm__(text : "=r"(result) : "r"(x));                                                     \
        return result;                                                                             \
    }
#define TCK_OF_TWO(name, type, text)                                                               \
    TCK_INLINE type name(type x, type y) {                                                         \
        type result;                                                                               \
        __asm__(text : "=r"(result) : "r"(x), "r"(y));                                             \
        return result;                                                                             \
    }
#define TCK_MULTIPLY_ADD(name, type, text)                                                         \
    TCK_INLINE int32_t name(type x, type y, int32_t sum) {                                         \
        int32_t result;                                                                            \
        __asm__(text : "=r"(result) : "r"(x), "r"(y), "r"(sum));                                   \
        return result;                                                                             \
    }
#define TCK_MULTIPLY(name, text)                                                                   \
    TCK_INLINE int32_t name(uint32_t x, uint32_t y) {                                              \
        int32_t result;                                                                            \
        __asm__(text : "=r"(result) : "r"(x), "r"(y));                                             \
        return result;                                                                             \
    }

/* sum + x.lo * y.lo + x.hi * y.hi */
TCK_MULTIPLY_ADD(tck_smlad, uint32_t, "smlad %0, %1, %2, %3")
/* sum + x.lo * y.lo, and so on: b is lo, t is hi */
TCK_MULTIPLY_ADD(tck_smlabb, uint32_t, "smlabb %0, %1, %2, %3")
TCK_MULTIPLY_ADD(tck_smlabt, uint32_t, "smlabt %0, %1, %2, %3")
TCK_MULTIPLY_ADD(tck_smlatb, uint32_t, "smlatb %0, %1, %2, %3")
TCK_MULTIPLY_ADD(tck_smlatt, uint32_t, "smlatt %0, %1, %2, %3")
/* x.lo * y.lo + x.hi * y.hi */
TCK_MULTIPLY(tck_smuad, "smuad %0, %1, %2")
TCK_MULTIPLY(tck_smulbb, "smulbb %0, %1, %2")
TCK_MULTIPLY(tck_smulbt, "smulbt %0, %1, %2")
TCK_MULTIPLY(tck_smultb, "smultb %0, %1, %2")
TCK_MULTIPLY(tck_smultt, "smultt %0, %1, %2")
/* sum + x.lo * y.lo - x.hi * y.hi; sum + x.lo * y.hi + x.hi * y.lo */
TCK_MULTIPLY_ADD(tck_smlsd, uint32_t, "smlsd %0, %1, %2, %3")
TCK_MULTIPLY_ADD(tck_smladx, uint32_t, "smladx %0, %1, %2, %3")
/* (x * y + 2^31) / 2^32, rounded down */
TCK_OF_TWO(tck_smmulr, int32_t, "smmulr %0, %1, %2")
/* sum + x * y / 2^32, rounded down */
TCK_MULTIPLY_ADD(tck_smmla, int32_t, "smmla %0, %1, %2, %3")
/* sum + (x * y + 2^31) / 2^32, rounded down */
TCK_MULTIPLY_ADD(tck_smmlar, int32_t, "smmlar %0, %1, %2, %3")

/* Bytes 0 and 2 of a quad as a pair; bytes 1 and 3. */
TCK_OF_ONE(tck_sxtb16, uint32_t, "sxtb16 %0, %1")
TCK_OF_ONE(tck_sxtb16_ror8, uint32_t, "sxtb16 %0, %1, ror #8")
TCK_OF_ONE(tck_uxtb16, uint32_t, "uxtb16 %0, %1")
TCK_OF_ONE(tck_uxtb16_ror8, uint32_t, "uxtb16 %0, %1, ror #8")

/* x plus bytes 0 and 2 of y, pairwise; plus bytes 1 and 3. */
TCK_OF_TWO(tck_sxtab16, uint32_t, "sxtab16 %0, %1, %2")
TCK_OF_TWO(tck_sxtab16_ror8, uint32_t, "sxtab16 %0, %1, %2, ror #8")

/* (x.lo, y.lo): lo, hi */
TCK_OF_TWO(tck_pkhbt, uint32_t, "pkhbt %0, %1, %2, lsl #16")
/* (x.lo, the upper half of 2 y): lo, hi */
TCK_OF_TWO(tck_pkhbt_lsl1, uint32_t, "pkhbt %0, %1, %2, lsl #1")
/* (y.hi, x.hi): lo, hi */
TCK_OF_TWO(tck_pkhtb, uint32_t, "pkhtb %0, %1, %2, asr #16")
/* Pairwise sums and differences; bytewise sums of quads. */
TCK_OF_TWO(tck_sadd16, uint32_t, "sadd16 %0, %1, %2")
TCK_OF_TWO(tck_ssub16, uint32_t, "ssub16 %0, %1, %2")
/* (x.lo + y.hi, x.hi - y.lo); (x.lo - y.hi, x.hi + y.lo) */
TCK_OF_TWO(tck_ssax, uint32_t, "ssax %0, %1, %2")
TCK_OF_TWO(tck_sasx, uint32_t, "sasx %0, %1, %2")
TCK_OF_TWO(tck_sadd8, uint32_t, "sadd8 %0, %1, %2")

/* Both halves of a pair limited to int8_t. */
TCK_OF_ONE(tck_ssat16_8, uint32_t, "ssat16 %0, #8, %1")

/* Bytewise maximum and minimum of two quads. */
TCK_INLINE uint32_t tck_max_s8x4(uint32_t x, uint32_t y) {
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(x), "r"(y) : "cc");
    return result;
}
TCK_INLINE uint32_t tck_min_s8x4(uint32_t x, uint32_t y) {
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(x), "r"(y) : "cc");
    return result;
}

/* sum - x * y / 2^32, to nearest, halves upwards. */
TCK_MULTIPLY_ADD(tck_smmlsr, int32_t, "smmlsr %0, %1, %2, %3")

#undef TCK_OF_ONE
#undef TCK_OF_TWO
#undef TCK_MULTIPLY
#undef TCK_MULTIPLY_ADD

#else

TCK_INLINE int32_t tck_smulbb(uint32_t x, uint32_t y) {
    return tck_lo(x) * tck_lo(y);
}
TCK_INLINE int32_t tck_smulbt(uint32_t x, uint32_t y) {
    return tck_lo(x) * tck_hi(y);
}
TCK_INLINE int32_t tck_smultb(uint32_t x, uint32_t y) {
    return tck_hi(x) * tck_lo(y);
}
TCK_INLINE int32_t tck_smultt(uint32_t x, uint32_t y) {
    return tck_hi(x) * tck_hi(y);
}
TCK_INLINE int32_t tck_smlabb(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smulbb(x, y));
}
TCK_INLINE int32_t tck_smlabt(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smulbt(x, y));
}
TCK_INLINE int32_t tck_smlatb(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smultb(x, y));
}
TCK_INLINE int32_t tck_smlatt(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smultt(x, y));
}
TCK_INLINE int32_t tck_smuad(uint32_t x, uint32_t y) {
    return tck_add_wrap(tck_smulbb(x, y), tck_smultt(x, y));
}
TCK_INLINE int32_t tck_smlad(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smuad(x, y));
}
TCK_INLINE int32_t tck_smlsd(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_sub_wrap(tck_smulbb(x, y), tck_smultt(x, y)));
}
TCK_INLINE int32_t tck_smladx(uint32_t x, uint32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_add_wrap(tck_smulbt(x, y), tck_smultb(x, y)));
}
TCK_INLINE int32_t tck_smmulr(int32_t x, int32_t y) {
    return (int32_t)(((int64_t)x * y + (INT64_C(1) << 31)) >> 32);
}
TCK_INLINE int32_t tck_smmla(int32_t x, int32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_high_mul(x, y));
}
TCK_INLINE int32_t tck_smmlar(int32_t x, int32_t y, int32_t sum) {
    return tck_add_wrap(sum, tck_smmulr(x, y));
}
TCK_INLINE int32_t tck_smmlsr(int32_t x, int32_t y, int32_t sum) {
    return tck_add_wrap(sum, (int32_t)((-(int64_t)x * y + (INT64_C(1) << 31)) >> 32));
}
TCK_INLINE uint32_t tck_sxtb16(uint32_t x) {
    return tck_pair((int8_t)(x & 0xFFU), (int8_t)(x >> 16 & 0xFFU));
}
TCK_INLINE uint32_t tck_sxtb16_ror8(uint32_t x) {
    return tck_pair((int8_t)(x >> 8 & 0xFFU), (int8_t)(x >> 24));
}
TCK_INLINE uint32_t tck_uxtb16(uint32_t x) {
    return x & 0x00FF00FFU;
}
TCK_INLINE uint32_t tck_uxtb16_ror8(uint32_t x) {
    return x >> 8 & 0x00FF00FFU;
}
TCK_INLINE uint32_t tck_pkhbt(uint32_t x, uint32_t y) {
    return (x & 0xFFFFU) | y << 16;
}
TCK_INLINE uint32_t tck_pkhbt_lsl1(uint32_t x, uint32_t y) {
    return (x & 0xFFFFU) | (y << 1 & 0xFFFF0000U);
}
TCK_INLINE uint32_t tck_pkhtb(uint32_t x, uint32_t y) {
    return (x & 0xFFFF0000U) | y >> 16;
}
TCK_INLINE uint32_t tck_sadd16(uint32_t x, uint32_t y) {
    return tck_pair(tck_lo(x) + tck_lo(y), tck_hi(x) + tck_hi(y));
}
TCK_INLINE uint32_t tck_ssub16(uint32_t x, uint32_t y) {
    return tck_pair(tck_lo(x) - tck_lo(y), tck_hi(x) - tck_hi(y));
}
TCK_INLINE uint32_t tck_ssax(uint32_t x, uint32_t y) {
    return tck_pair(tck_lo(x) + tck_hi(y), tck_hi(x) - tck_lo(y));
}
TCK_INLINE uint32_t tck_sasx(uint32_t x, uint32_t y) {
    return tck_pair(tck_lo(x) - tck_hi(y), tck_hi(x) + tck_lo(y));
}
TCK_INLINE uint32_t tck_sxtab16(uint32_t x, uint32_t y) {
    return tck_sadd16(x, tck_sxtb16(y));
}
TCK_INLINE uint32_t tck_sxtab16_ror8(uint32_t x, uint32_t y) {
    return tck_sadd16(x, tck_sxtb16_ror8(y));
}
TCK_INLINE uint32_t tck_sadd8(uint32_t x, uint32_t y) {
    return ((x & 0x7F7F7F7FU) + (y & 0x7F7F7F7FU)) ^ ((x ^ y) & 0x80808080U);
}
TCK_INLINE uint32_t tck_ssat16_8(uint32_t x) {
    return tck_pair(tck_ssat8(tck_lo(x)), tck_ssat8(tck_hi(x)));
}
TCK_INLINE uint32_t tck_max_s8x4(uint32_t x, uint32_t y) {
    uint32_t result = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        const int32_t a = (int8_t)(x >> bit & 0xFFU), b = (int8_t)(y >> bit & 0xFFU);
        result |= ((uint32_t)tck_max(a, b) & 0xFFU) << bit;
    }
    return result;
}
TCK_INLINE uint32_t tck_min_s8x4(uint32_t x, uint32_t y) {
    uint32_t result = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        const int32_t a = (int8_t)(x >> bit & 0xFFU), b = (int8_t)(y >> bit & 0xFFU);
        result |= ((uint32_t)tck_min(a, b) & 0xFFU) << bit;
    }
    return result;
}

#endif

/* Bits below the output's unit in the line that the host fits to a requantisation. */
#define TCK_FRACTION_BITS 4

/* An int8 output by a fitted line: the sum holds the line's shift, through its bias. */
TCK_INLINE int32_t tck_fitted(int32_t sum, int32_t multiplier, int32_t addend) {
    return tck_ssat8(tck_smmla(sum, multiplier, addend) >> TCK_FRACTION_BITS);
}

/* x * multiplier * 2^-(shift + 31) with the two roundings of tck_multiply_two_roundings, for
 * -2^30 <= x < 2^30 and 1 <= shift <= 22, and then the output's zero point:
 * addend = (2 * zero point + 1) << (shift - 1) holds it and the half that rounds. The product is
 * below 2^30 and the addend below 2^29 + 2^22, so that nothing leaves int32. A multiplier of 0
 * gives the zero point for every x; there, doubling wraps. */
TCK_INLINE int32_t tck_requantize(int32_t x, int32_t multiplier, int32_t shift, int32_t addend) {
#if TCK_THUMB1
    const int32_t product = tck_doubling_high_mul(x, multiplier);
#else
    const int32_t product = tck_smmulr(tck_shift_left_wrap(x, 1), multiplier);
#endif
    return (product + (product >> 31) + addend) >> shift;
}

TCK_INLINE int32_t tck_requantize_addend(int32_t zero_point, int32_t shift) {
    return tck_shift_left_wrap(2 * zero_point + 1, shift - 1);
}

#endif
