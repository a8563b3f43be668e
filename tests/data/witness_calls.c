/* Calls, returns, tables of functions and of branches, recursion. */
#include <stdint.h>

typedef uint32_t (*step)(uint32_t);

static uint32_t twice(uint32_t x) {
    return 2u * x + 1u;
}

static uint32_t mixed(uint32_t x) {
    return x ^ (x >> 7);
}

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n) {
    return n < 2u ? n : fibonacci(n - 1u) + fibonacci(n - 2u);
}

static const step steps[] = {twice, mixed, fibonacci};
static const step *const volatile table = steps;

__attribute__((noinline)) static uint32_t choose(uint32_t which, uint32_t x) {
    switch (which) {
    case 0:
        return x * 3u;
    case 1:
        return x - 7u;
    case 2:
        return x << 3;
    case 3:
        return x / 5u;
    case 4:
        return ~x;
    case 5:
        return x | 0x101u;
    default:
        return x;
    }
}

uint32_t work(void) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < 1000; i++) {
        x = choose(i % 8u, table[i & 1u](x));
    }
    return x + table[2](15);
}
