/* Raspberry Pi RP2040: crystal and PLL, UART, SysTick extended to 32 bits.
 *
 * Sections of the RP2040 datasheet in brackets. A Cortex-M0+ has no cycle counter but SysTick,
 * which has 24 bits and wraps every 134 ms at 125 MHz. The microsecond timer runs from the same
 * crystal, so it tells which wrap SysTick is in, without an interrupt.
 *
 * The UART's receive buffer holds 32 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_rp2.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RESETS  ((tc_rp2_resets *)0x4000C000u)  /* [2.14] */
#define CRYSTAL ((tc_rp2_crystal *)0x40024000u) /* [2.16.7] */
#define CLOCKS  ((tc_rp2_clocks *)0x40008030u)  /* [2.15.7], from CLK_REF_CTRL on */
#define PLL     ((tc_rp2_pll *)0x40028000u)     /* [2.18.4] */
#define UART    ((tc_rp2_uart *)(0x40034000u + 0x4000u * TC_UART_INSTANCE)) /* [4.2.8] */

#define RESET_IO_BANK0   (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS    (1u << 12)
#define RESET_TIMER      (1u << 21)
#define RESET_UART       (1u << (22u + TC_UART_INSTANCE))

/* VCO = 12 MHz * FBDIV = 12 * core clock; post dividers 6 and 2. */
#define PLL_FBDIV      (TC_CORE_CLOCK_HZ / 1000000u)
#define PLL_PRIM_VALUE ((6u << 16) | (2u << 12))

#define WATCHDOG_TICK        REGISTER(0x4005802Cu) /* [4.7.6] */
#define WATCHDOG_TICK_ENABLE (1u << 9)
#define TIMER_TIMERAWL       REGISTER(0x40054028u) /* [4.6.5] */

#define IO_BANK0_CTRL(pin) REGISTER(0x40014004u + 8u * (pin)) /* [2.19.6.1] */
#define IO_FUNCTION_UART   2u
#define PADS_BANK0(pin)    REGISTER(0x4001C004u + 4u * (pin)) /* [2.19.6.3] */
#define PAD_OUTPUT         0x56u /* as reset: input enabled, 4 mA, Schmitt trigger */
#define PAD_INPUT_PULL_UP  0x5Au

#define SYST_CSR                   REGISTER(0xE000E010u) /* [2.4.8] */
#define SYST_RVR                   REGISTER(0xE000E014u)
#define SYST_CVR                   REGISTER(0xE000E018u)
#define SYST_CSR_ENABLE_CORE_CLOCK ((1u << 2) | (1u << 0))
#define SYST_MASK                  0xFFFFFFu
#define TICKS_PER_US               (TC_CORE_CLOCK_HZ / 1000000u)

_Static_assert(TC_CORE_CLOCK_HZ % 1000000 == 0, "the PLL makes whole MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 63000000 && TC_CORE_CLOCK_HZ <= 133000000, "core clock range");
_Static_assert(TC_UART_TX_PIN % 4 == 0 && (TC_UART_TX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's TX (datasheet 1.4.3)");
_Static_assert(TC_UART_RX_PIN % 4 == 1 && (TC_UART_RX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's RX (datasheet 1.4.3)");

static uint32_t start_us;

static void start_clocks(void) {
    tc_rp2_start_crystal(CRYSTAL);
    tc_rp2_run_from_crystal(CLOCKS);
    tc_rp2_release_reset(RESETS, RESET_PLL_SYS);
    tc_rp2_run_from_pll(CLOCKS, PLL, PLL_FBDIV, PLL_PRIM_VALUE);
}

static void start_uart(void) {
    tc_rp2_release_reset(RESETS, RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART);
    tc_rp2_uart_start(UART, TC_RP2_UART_DIVIDER_X64(TC_CORE_CLOCK_HZ, TC_UART_BAUD));
    PADS_BANK0(TC_UART_TX_PIN) = PAD_OUTPUT;
    PADS_BANK0(TC_UART_RX_PIN) = PAD_INPUT_PULL_UP;
    IO_BANK0_CTRL(TC_UART_TX_PIN) = IO_FUNCTION_UART;
    IO_BANK0_CTRL(TC_UART_RX_PIN) = IO_FUNCTION_UART;
}

static void start_ticks(void) {
    WATCHDOG_TICK = WATCHDOG_TICK_ENABLE | (TC_RP2_CRYSTAL_HZ / 1000000u);
    tc_rp2_release_reset(RESETS, RESET_TIMER);
    SYST_RVR = SYST_MASK;
    SYST_CSR = SYST_CSR_ENABLE_CORE_CLOCK;
    SYST_CVR = 0; /* any write clears it */
    start_us = TIMER_TIMERAWL;
}

void tc_platform_init(void) {
    start_clocks();
    start_uart();
    start_ticks();
}

int tc_platform_getc(void) {
    return tc_rp2_uart_getc(UART);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_rp2_uart_write(UART, bytes, count);
}

uint32_t tc_platform_ticks(void) {
    const uint32_t coarse = (TIMER_TIMERAWL - start_us) * TICKS_PER_US;
    const uint32_t low = (SYST_MASK - SYST_CVR) & SYST_MASK;
    const uint32_t ahead = (low - coarse) & SYST_MASK;
    return ahead <= SYST_MASK / 2u ? coarse + ahead : coarse - (SYST_MASK + 1u - ahead);
}

_Noreturn void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        __asm volatile("wfi");
    }
}
