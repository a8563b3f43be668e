/* tc_platform.h over Zephyr: the UART that the devicetree chooses as console, polled, and the cycle
 * counter where the core has one. Start-up, clocks and memory are Zephyr's. */
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include "board_config.h"
#if TC_TICKS_FROM_DWT
#include "tc_dwt.h"
#endif
#include "tc_platform.h"
#include "tc_startup.h"

#if !TC_TICKS_FROM_DWT
BUILD_ASSERT(CONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC == TC_TICKS_HZ,
             "Zephyr's cycle counter runs at another rate than the board file says");
#endif

static const struct device *const port = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

void tc_platform_init(void) {
#if TC_TICKS_FROM_DWT
    tc_dwt_start();
#endif
    if (!device_is_ready(port)) {
        tc_platform_exit(1);
    }
}

int tc_platform_getc(void) {
    unsigned char byte = 0;
    return uart_poll_in(port, &byte) == 0 ? (int)byte : -1;
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uart_poll_out(port, bytes[i]);
    }
}

uint32_t tc_platform_ticks(void) {
#if TC_TICKS_FROM_DWT
    return TC_DWT_CYCCNT;
#else
    return k_cycle_get_32();
#endif
}

TC_NORETURN void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        k_sleep(K_FOREVER);
    }
}

/* Stack and static data are Zephyr's; 0 means that nobody counts them. */
uint32_t tc_stack_peak_bytes(void) {
    return 0;
}

uint32_t tc_stack_reserved_bytes(void) {
    return 0;
}

uint32_t tc_static_bytes(void) {
    return 0;
}
