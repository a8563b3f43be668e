/* Dhrystone 2.1 on a virtual board: what its two files take from a C library, but for strcmp,
 * strcpy and memcpy, which are measured with it. It is checked by its global variables, which
 * benchmarks/cycle_model reads when the program has ended.
 *
 * Its main() is compiled as dhrystone_main(), and what it calls is as it expects, without
 * prototypes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tc_platform.h"

#define HEAP_BYTES 256u

int dhrystone_main(void);
int main(void);
void *malloc(size_t bytes);
long time(long *result);
int printf(const char *format, ...);
int scanf(const char *format, ...);

int main(void) {
    tc_platform_init();
    (void)dhrystone_main();
    return 0;
}

/* Two records of some 50 bytes, never freed. */
void *malloc(size_t bytes) {
    static _Alignas(8) uint8_t heap[HEAP_BYTES];
    static size_t used;
    const size_t rounded = (bytes + 7u) & ~(size_t)7u;
    if (rounded > HEAP_BYTES - used) {
        tc_platform_exit(1);
    }
    used += rounded;
    return heap + (used - rounded);
}

/* Called once before the runs and once after them; the virtual board notes its exact counts at
 * every entry of tc_platform_ticks. */
long time(long *result) {
    (void)result;
    return (long)tc_platform_ticks();
}

int printf(const char *format, ...) {
    (void)format;
    return 0;
}

/* It asks for one number: how many runs. */
int scanf(const char *format, ...) {
    va_list arguments;
    (void)format;
    va_start(arguments, format);
    *va_arg(arguments, int *) = ITERATIONS;
    va_end(arguments);
    return 1;
}
