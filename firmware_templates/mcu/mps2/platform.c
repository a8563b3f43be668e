/* Arm MPS2 FPGA images AN385, AN386 and AN500 as QEMU models them: CMSDK UART and timer,
 * semihosting.
 *
 * Arm Cortex-M System Design Kit Technical Reference Manual (DDI 0479C): 4.3 UART, 4.1 timer.
 * Arm semihosting for AArch32 and AArch64, 6.8 SYS_EXIT_EXTENDED. */
#include "tc_platform.h"

#include "board_config.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_DATA         REGISTER(0x40004000u)
#define UART_STATE        REGISTER(0x40004004u)
#define UART_CTRL         REGISTER(0x40004008u)
#define UART_BAUDDIV      REGISTER(0x40004010u)
#define STATE_TX_FULL     (1u << 0)
#define STATE_RX_FULL     (1u << 1)
#define CTRL_TX_RX_ENABLE 3u

#define TIMER_CTRL        REGISTER(0x40000000u)
#define TIMER_VALUE       REGISTER(0x40000004u)
#define TIMER_RELOAD      REGISTER(0x40000008u)
#define TIMER_CTRL_ENABLE 1u

#define SEMIHOSTING_EXIT_EXTENDED    0x20u
#define SEMIHOSTING_APPLICATION_EXIT 0x20026u

_Static_assert(TC_UART_INSTANCE == 0, "this port knows UART0");
_Static_assert(TC_CORE_CLOCK_HZ / TC_UART_BAUD >= 16, "the UART's divider is at least 16");

void tc_platform_init(void) {
    UART_BAUDDIV = (TC_CORE_CLOCK_HZ + TC_UART_BAUD / 2u) / TC_UART_BAUD;
    UART_CTRL = CTRL_TX_RX_ENABLE;
    TIMER_CTRL = 0;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_CTRL = TIMER_CTRL_ENABLE;
}

int tc_platform_getc(void) {
    if ((UART_STATE & STATE_RX_FULL) == 0u) {
        return -1;
    }
    return (int)(UART_DATA & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((UART_STATE & STATE_TX_FULL) != 0u) {
        }
        UART_DATA = bytes[i];
    }
}

/* The timer counts down. */
uint32_t tc_platform_ticks(void) {
    return ~TIMER_VALUE;
}

_Noreturn void tc_platform_exit(int code) {
    const uint32_t block[2] = {SEMIHOSTING_APPLICATION_EXIT, (uint32_t)code};
    register uint32_t operation __asm("r0") = SEMIHOSTING_EXIT_EXTENDED;
    register const uint32_t *argument __asm("r1") = block;
    for (;;) {
        __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    }
}
