/* Arm MPS2 FPGA images AN385, AN386 and AN500 as QEMU models them: CMSDK UART and timer,
 * semihosting.
 *
 * Arm Cortex-M System Design Kit Technical Reference Manual (DDI 0479C): 4.1 timer. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_cmsdk_uart.h"
#include "tc_semihosting.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART0 ((tc_cmsdk_uart *)0x40004000u)

#define TIMER_CTRL        REGISTER(0x40000000u)
#define TIMER_VALUE       REGISTER(0x40000004u)
#define TIMER_RELOAD      REGISTER(0x40000008u)
#define TIMER_CTRL_ENABLE 1u

_Static_assert(TC_UART_INSTANCE == 0, "this port knows UART0");
_Static_assert(TC_CORE_CLOCK_HZ / TC_UART_BAUD >= 16, "the UART's divider is at least 16");

void tc_platform_init(void) {
    tc_cmsdk_uart_start(UART0, TC_CORE_CLOCK_HZ, TC_UART_BAUD);
    TIMER_CTRL = 0;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_CTRL = TIMER_CTRL_ENABLE;
}

int tc_platform_getc(void) {
    return tc_cmsdk_uart_getc(UART0);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_cmsdk_uart_write(UART0, bytes, count);
}

/* The timer counts down. */
uint32_t tc_platform_ticks(void) {
    return ~TIMER_VALUE;
}

_Noreturn void tc_platform_exit(int code) {
    tc_semihosting_exit(code);
}
