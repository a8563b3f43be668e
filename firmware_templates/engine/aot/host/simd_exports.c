/* What kernels share of tck_simd.h and tck_mve.h as ordinary functions, for tests that call it from
 * Python. */
#include "tck_mve.h"
#include "tck_simd.h"

int32_t tct_smlad(uint32_t x, uint32_t y, int32_t sum);
int32_t tct_smlabb(uint32_t x, uint32_t y, int32_t sum);
int32_t tct_smlabt(uint32_t x, uint32_t y, int32_t sum);
int32_t tct_smlatb(uint32_t x, uint32_t y, int32_t sum);
int32_t tct_smlatt(uint32_t x, uint32_t y, int32_t sum);
int32_t tct_smmulr(int32_t x, int32_t y);
int32_t tct_smmla(int32_t x, int32_t y, int32_t sum);
uint32_t tct_sxtb16(uint32_t x);
uint32_t tct_sxtb16_ror8(uint32_t x);
uint32_t tct_pkhbt(uint32_t x, uint32_t y);
uint32_t tct_pkhtb(uint32_t x, uint32_t y);
uint32_t tct_sadd16(uint32_t x, uint32_t y);
uint32_t tct_sxtab16(uint32_t x, uint32_t y);
uint32_t tct_sxtab16_ror8(uint32_t x, uint32_t y);
uint32_t tct_ssub16(uint32_t x, uint32_t y);
uint32_t tct_sadd8(uint32_t x, uint32_t y);
uint32_t tct_max_s8x4(uint32_t x, uint32_t y);
uint32_t tct_min_s8x4(uint32_t x, uint32_t y);
int32_t tct_ssat8(int32_t x);
int32_t tct_fitted(int32_t sum, int32_t multiplier, int32_t addend);
int32_t tct_requantize(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point);
int32_t tct_fitted_lane_mve(int32_t sum, int32_t multiplier, int32_t addend, int32_t bits);
int32_t tct_two_roundings_lane_mve(int32_t sum, int32_t multiplier, int32_t right_shift);

int32_t tct_smlad(uint32_t x, uint32_t y, int32_t sum) {
    return tck_smlad(x, y, sum);
}

int32_t tct_smlabb(uint32_t x, uint32_t y, int32_t sum) {
    return tck_smlabb(x, y, sum);
}

int32_t tct_smlabt(uint32_t x, uint32_t y, int32_t sum) {
    return tck_smlabt(x, y, sum);
}

int32_t tct_smlatb(uint32_t x, uint32_t y, int32_t sum) {
    return tck_smlatb(x, y, sum);
}

int32_t tct_smlatt(uint32_t x, uint32_t y, int32_t sum) {
    return tck_smlatt(x, y, sum);
}

int32_t tct_smmulr(int32_t x, int32_t y) {
    return tck_smmulr(x, y);
}

int32_t tct_smmla(int32_t x, int32_t y, int32_t sum) {
    return tck_smmla(x, y, sum);
}

uint32_t tct_sxtb16(uint32_t x) {
    return tck_sxtb16(x);
}

uint32_t tct_sxtb16_ror8(uint32_t x) {
    return tck_sxtb16_ror8(x);
}

uint32_t tct_pkhbt(uint32_t x, uint32_t y) {
    return tck_pkhbt(x, y);
}

uint32_t tct_pkhtb(uint32_t x, uint32_t y) {
    return tck_pkhtb(x, y);
}

uint32_t tct_sadd16(uint32_t x, uint32_t y) {
    return tck_sadd16(x, y);
}

uint32_t tct_sxtab16(uint32_t x, uint32_t y) {
    return tck_sxtab16(x, y);
}

uint32_t tct_sxtab16_ror8(uint32_t x, uint32_t y) {
    return tck_sxtab16_ror8(x, y);
}

uint32_t tct_ssub16(uint32_t x, uint32_t y) {
    return tck_ssub16(x, y);
}

uint32_t tct_sadd8(uint32_t x, uint32_t y) {
    return tck_sadd8(x, y);
}

uint32_t tct_max_s8x4(uint32_t x, uint32_t y) {
    return tck_max_s8x4(x, y);
}

uint32_t tct_min_s8x4(uint32_t x, uint32_t y) {
    return tck_min_s8x4(x, y);
}

int32_t tct_ssat8(int32_t x) {
    return tck_ssat8(x);
}

int32_t tct_fitted(int32_t sum, int32_t multiplier, int32_t addend) {
    return tck_fitted(sum, multiplier, addend);
}

int32_t tct_requantize(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point) {
    return tck_requantize(x, multiplier, shift, tck_requantize_addend(zero_point, shift));
}

int32_t tct_fitted_lane_mve(int32_t sum, int32_t multiplier, int32_t addend, int32_t bits) {
    return tck_fitted_lane_mve(sum, multiplier, addend, bits);
}

int32_t tct_two_roundings_lane_mve(int32_t sum, int32_t multiplier, int32_t right_shift) {
    return tck_two_roundings_lane_mve(sum, multiplier, right_shift);
}
