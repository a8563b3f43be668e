/* tc_platform.h over an Arduino core: its Serial, and the cycle counter where the core has one.
 * Start-up, clocks and memory are the Arduino core's. */
#include <Arduino.h>

#include "board_config.h"

extern "C" {
#if TC_TICKS_FROM_DWT
#include "tc_dwt.h"
#endif
#include "tc_platform.h"
#include "tc_startup.h"

void tc_platform_init(void) {
#if TC_TICKS_FROM_DWT
    tc_dwt_start();
#endif
    Serial.begin(TC_UART_BAUD);
}

int tc_platform_getc(void) {
    return Serial.available() > 0 ? Serial.read() : -1;
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        const size_t taken = Serial.write(bytes, count);
        if (taken == 0) {
            /* The port was closed. The host asks again, and is sent all of it again. */
            return;
        }
        bytes += taken;
        count -= taken;
    }
}

uint32_t tc_platform_ticks(void) {
#if TC_TICKS_FROM_DWT
    return TC_DWT_CYCCNT;
#else
    return (uint32_t)micros();
#endif
}

TC_NORETURN void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        delay(1000);
    }
}

/* Stack and static data are the Arduino core's; 0 means that nobody counts them. */
uint32_t tc_stack_peak_bytes(void) {
    return 0;
}

uint32_t tc_stack_reserved_bytes(void) {
    return 0;
}

uint32_t tc_static_bytes(void) {
    return 0;
}
}
