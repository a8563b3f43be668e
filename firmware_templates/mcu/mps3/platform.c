/* Arm MPS3 FPGA image AN547 as QEMU models it: an SSE-300 with CMSDK UART, system counter and
 * semihosting. The core starts in Secure state and stays there, so that these are the addresses
 * that Secure software uses.
 *
 * Arm Corstone SSE-300 Example Subsystem Technical Reference Manual (101773), system counter: its
 * frames are those of the Armv8-M generic counter. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_cmsdk_uart.h"
#include "tc_semihosting.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART0          ((tc_cmsdk_uart *)0x59303000u)
#define UART0_CLOCK_HZ 25000000u

#define COUNTER_CTRL        REGISTER(0x58100000u) /* CNTCR of the control frame */
#define COUNTER_VALUE_LOW   REGISTER(0x58101000u) /* CNTCVL of the status frame */
#define COUNTER_CTRL_ENABLE 1u

_Static_assert(TC_UART_INSTANCE == 0, "this port knows UART0");
_Static_assert(UART0_CLOCK_HZ / TC_UART_BAUD >= 16, "the UART's divider is at least 16");

void tc_platform_init(void) {
    tc_cmsdk_uart_start(UART0, UART0_CLOCK_HZ, TC_UART_BAUD);
    COUNTER_CTRL = COUNTER_CTRL_ENABLE;
}

int tc_platform_getc(void) {
    return tc_cmsdk_uart_getc(UART0);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_cmsdk_uart_write(UART0, bytes, count);
}

/* The counter has 64 bits; its low word is enough for 134 s. */
uint32_t tc_platform_ticks(void) {
    return COUNTER_VALUE_LOW;
}

_Noreturn void tc_platform_exit(int code) {
    tc_semihosting_exit(code);
}
