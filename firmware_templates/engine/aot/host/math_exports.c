/* The arithmetic of tck_math.h as ordinary functions, for tests that call it from Python. */
#include "tck_math.h"
#include "kernels/common/fixed_s16.h"
#include "kernels/common/window.h"

int32_t tct_doubling_high_mul(int32_t x, int32_t y);
int32_t tct_doubling_high_mul_halves(int32_t x, int32_t y);
int32_t tct_high_mul_halves(int32_t x, int32_t y);
int32_t tct_rounding_divide_by_pot(int32_t x, int32_t exponent);
int32_t tct_multiply_two_roundings(int32_t x, int32_t multiplier, int32_t shift);
int64_t tct_multiply_half_away(int32_t x, int64_t multiplier, int32_t shift);
int32_t tct_multiply_reduced(int64_t x, int32_t multiplier, int32_t shift);
int64_t tct_multiply_half_away_wide(int64_t x, int64_t multiplier, int32_t shift);
int32_t tct_saturating_shift_left(int32_t x, int32_t exponent);
int32_t tct_one_over_one_plus_x(int32_t x);
int32_t tct_fixed_sigmoid_s16(int32_t x);
int32_t tct_fixed_tanh_s16(int32_t x, int32_t integer_bits);
int32_t tct_rounded_average(int32_t total, int32_t count);
int32_t tct_taps_begin(int32_t origin, int32_t size, int32_t count, int32_t dilation);
int32_t tct_taps_end(int32_t origin, int32_t size, int32_t count, int32_t dilation);

int32_t tct_doubling_high_mul(int32_t x, int32_t y) {
    return tck_doubling_high_mul(x, y);
}

int32_t tct_doubling_high_mul_halves(int32_t x, int32_t y) {
    return tck_doubling_high_mul_halves(x, y);
}

int32_t tct_high_mul_halves(int32_t x, int32_t y) {
    return tck_high_mul_halves(x, y);
}

int32_t tct_rounding_divide_by_pot(int32_t x, int32_t exponent) {
    return tck_rounding_divide_by_pot(x, exponent);
}

int32_t tct_multiply_two_roundings(int32_t x, int32_t multiplier, int32_t shift) {
    return tck_multiply_two_roundings(x, multiplier, shift);
}

int64_t tct_multiply_half_away(int32_t x, int64_t multiplier, int32_t shift) {
    return tck_multiply_half_away(x, multiplier, shift);
}

int32_t tct_multiply_reduced(int64_t x, int32_t multiplier, int32_t shift) {
    return tck_multiply_reduced(x, multiplier, shift);
}

int64_t tct_multiply_half_away_wide(int64_t x, int64_t multiplier, int32_t shift) {
    return tck_multiply_half_away_wide(x, multiplier, shift);
}

int32_t tct_saturating_shift_left(int32_t x, int32_t exponent) {
    return tck_saturating_shift_left(x, exponent);
}

int32_t tct_one_over_one_plus_x(int32_t x) {
    return tck_one_over_one_plus_x(x);
}

int32_t tct_fixed_sigmoid_s16(int32_t x) {
    return tck_fixed_sigmoid_s16(x);
}

int32_t tct_fixed_tanh_s16(int32_t x, int32_t integer_bits) {
    return tck_fixed_tanh_s16(x, integer_bits);
}

int32_t tct_rounded_average(int32_t total, int32_t count) {
    return tck_rounded_average(total, count);
}

int32_t tct_taps_begin(int32_t origin, int32_t size, int32_t count, int32_t dilation) {
    return tck_taps_inside(origin, size, count, dilation).begin;
}

int32_t tct_taps_end(int32_t origin, int32_t size, int32_t count, int32_t dilation) {
    return tck_taps_inside(origin, size, count, dilation).end;
}
