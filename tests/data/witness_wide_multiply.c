/* Requantisation as the kernels do it: 64-bit products, rounding shifts, clamping. */
#include <stdint.h>

uint32_t work(void) {
    uint32_t sum = 0;
    int64_t state = 0x12345678;
    for (int32_t i = 0; i < 2000; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        const int32_t value = (int32_t)(state >> 32);
        const int32_t shift = 1 + (i & 15);
        const int64_t scaled = (int64_t)value * 1518500250;
        int32_t result = (int32_t)((scaled + (1LL << 30)) >> 31);
        result = (result + (1 << (shift - 1))) >> shift;
        sum = sum * 31u + (uint32_t)(result > 127 ? 127 : result < -128 ? -128 : result);
        sum += (uint32_t)(value / (i + 3)) + (uint32_t)value % 1000u;
    }
    return sum;
}
