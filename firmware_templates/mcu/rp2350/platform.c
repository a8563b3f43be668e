/* Raspberry Pi RP2350, one Cortex-M33: crystal and PLL, UART, DWT cycle counter.
 *
 * Sections of the RP2350 datasheet in brackets. The boot ROM has set the flash chip up for quad
 * reads at a third of the core's clock, and starts the program in the secure state.
 *
 * The UART's receive buffer holds 32 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_rp2.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RESETS  ((tc_rp2_resets *)0x40020000u)  /* [7.5] */
#define CRYSTAL ((tc_rp2_crystal *)0x40048000u) /* [8.2.8] */
#define CLOCKS  ((tc_rp2_clocks *)0x40010030u)  /* [8.1.7], from CLK_REF_CTRL on */
#define PLL     ((tc_rp2_pll *)0x40050000u)     /* [8.6.5] */
#define UART    ((tc_rp2_uart *)(0x40070000u + 0x8000u * TC_UART_INSTANCE)) /* [12.1.8] */

#define RESET_IO_BANK0   (1u << 6)
#define RESET_PADS_BANK0 (1u << 9)
#define RESET_PLL_SYS    (1u << 14)
#define RESET_UART       (1u << (26u + TC_UART_INSTANCE))

/* VCO = 12 MHz * FBDIV = 10 * core clock (750 to 1600 MHz); post dividers 5 and 2. */
#define PLL_FBDIV      (TC_CORE_CLOCK_HZ / 1200000u)
#define PLL_PRIM_VALUE ((5u << 16) | (2u << 12))

#define IO_BANK0_CTRL(pin) REGISTER(0x40028004u + 8u * (pin)) /* [9.11.1] */
#define IO_FUNCTION_UART   2u
#define PADS_BANK0(pin)    REGISTER(0x40038004u + 4u * (pin)) /* [9.11.3] */
/* Both clear bit 8, which isolates a pad after reset [9.7]. */
#define PAD_OUTPUT        0x56u /* input enabled, 4 mA, Schmitt trigger */
#define PAD_INPUT_PULL_UP 0x5Au

_Static_assert(TC_CORE_CLOCK_HZ % 1200000 == 0, "the PLL makes multiples of 1.2 MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 75600000 && TC_CORE_CLOCK_HZ <= 150000000, "core clock range");
_Static_assert(TC_UART_TX_PIN % 4 == 0 && (TC_UART_TX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's TX (datasheet 1.2.3)");
_Static_assert(TC_UART_RX_PIN % 4 == 1 && (TC_UART_RX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's RX (datasheet 1.2.3)");

static void start_clocks(void) {
    tc_rp2_start_crystal(CRYSTAL);
    tc_rp2_run_from_crystal(CLOCKS);
    tc_rp2_release_reset(RESETS, RESET_PLL_SYS);
    tc_rp2_run_from_pll(CLOCKS, PLL, PLL_FBDIV, PLL_PRIM_VALUE);
}

static void start_uart(void) {
    tc_rp2_release_reset(RESETS, RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART);
    tc_rp2_uart_start(UART, TC_RP2_UART_DIVIDER_X64(TC_CORE_CLOCK_HZ, TC_UART_BAUD));
    IO_BANK0_CTRL(TC_UART_TX_PIN) = IO_FUNCTION_UART;
    IO_BANK0_CTRL(TC_UART_RX_PIN) = IO_FUNCTION_UART;
    PADS_BANK0(TC_UART_TX_PIN) = PAD_OUTPUT;
    PADS_BANK0(TC_UART_RX_PIN) = PAD_INPUT_PULL_UP;
}

void tc_platform_init(void) {
    start_clocks();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    return tc_rp2_uart_getc(UART);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_rp2_uart_write(UART, bytes, count);
}

uint32_t tc_platform_ticks(void) {
    return TC_DWT_CYCCNT;
}

_Noreturn void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        __asm volatile("wfi");
    }
}
