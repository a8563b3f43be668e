/* Zephyr's clock and sleep. */
#ifndef ZEPHYR_KERNEL_STAND_IN_H
#define ZEPHYR_KERNEL_STAND_IN_H

#include <stdint.h>

typedef struct {
    int64_t ticks;
} k_timeout_t;

#define K_FOREVER ((k_timeout_t){-1})

#define BUILD_ASSERT(condition, message) _Static_assert(condition, message)

uint32_t k_cycle_get_32(void);
int32_t k_sleep(k_timeout_t timeout);
int32_t k_msleep(int32_t milliseconds);

#endif
