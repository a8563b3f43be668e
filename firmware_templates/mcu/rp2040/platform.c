/* Raspberry Pi RP2040: crystal and PLL, UART, SysTick extended to 32 bits.
 *
 * Sections of the RP2040 datasheet in brackets. A Cortex-M0+ has no cycle counter but SysTick,
 * which has 24 bits and wraps every 134 ms at 125 MHz. The microsecond timer runs from the same
 * crystal, so it tells which wrap SysTick is in, without an interrupt.
 *
 * The UART's receive buffer holds 32 bytes. */
#include "tc_platform.h"

#include "board_config.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CRYSTAL_HZ 12000000u

#define RESETS_RESET_CLEAR REGISTER(0x4000C000u + 0x3000u) /* [2.14], atomic clear [2.1.2] */
#define RESETS_RESET_DONE  REGISTER(0x4000C008u)
#define RESET_IO_BANK0     (1u << 5)
#define RESET_PADS_BANK0   (1u << 8)
#define RESET_PLL_SYS      (1u << 12)
#define RESET_TIMER        (1u << 21)
#define RESET_UART         (1u << (22u + TC_UART_INSTANCE))

#define XOSC_CTRL                REGISTER(0x40024000u) /* [2.16.7] */
#define XOSC_STATUS              REGISTER(0x40024004u)
#define XOSC_STARTUP             REGISTER(0x4002400Cu)
#define XOSC_CTRL_ENABLE_1_15MHZ (0xAA0u | (0xFABu << 12))
#define XOSC_STATUS_STABLE       (1u << 31)
#define XOSC_STARTUP_1MS         ((CRYSTAL_HZ / 1000u + 128u) / 256u)

#define CLK_REF_CTRL     REGISTER(0x40008030u) /* [2.15.7] */
#define CLK_REF_SELECTED REGISTER(0x40008038u)
#define CLK_SYS_CTRL     REGISTER(0x4000803Cu)
#define CLK_SYS_SELECTED REGISTER(0x40008044u)
#define CLK_PERI_CTRL    REGISTER(0x40008048u)
#define CLK_REF_XOSC     2u
#define CLK_SYS_REF      0u
#define CLK_SYS_PLL      1u
#define CLK_PERI_ENABLE  (1u << 11)

#define PLL_CS              REGISTER(0x40028000u) /* [2.18.4] */
#define PLL_PWR             REGISTER(0x40028004u)
#define PLL_FBDIV_INT       REGISTER(0x40028008u)
#define PLL_PRIM            REGISTER(0x4002800Cu)
#define PLL_CS_LOCK         (1u << 31)
#define PLL_PWR_POSTDIV_OFF ((1u << 2) | (1u << 3)) /* the VCO runs, the post dividers not */
#define PLL_PWR_ON          (1u << 2)
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

#define UART_BASE        (0x40034000u + 0x4000u * TC_UART_INSTANCE) /* [4.2.8] */
#define UART_DR          REGISTER(UART_BASE + 0x00u)
#define UART_FR          REGISTER(UART_BASE + 0x18u)
#define UART_IBRD        REGISTER(UART_BASE + 0x24u)
#define UART_FBRD        REGISTER(UART_BASE + 0x28u)
#define UART_LCR_H       REGISTER(UART_BASE + 0x2Cu)
#define UART_CR          REGISTER(UART_BASE + 0x30u)
#define FR_RXFE          (1u << 4)
#define FR_TXFF          (1u << 5)
#define LCR_H_8N1_FIFO   ((3u << 5) | (1u << 4))
#define CR_ENABLE_TX_RX  ((1u << 0) | (1u << 8) | (1u << 9))
#define BAUD_DIVIDER_X64 ((4u * TC_CORE_CLOCK_HZ + TC_UART_BAUD / 2u) / TC_UART_BAUD)

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

static void release_reset(uint32_t blocks) {
    RESETS_RESET_CLEAR = blocks;
    while ((RESETS_RESET_DONE & blocks) != blocks) {
    }
}

static void start_clocks(void) {
    XOSC_STARTUP = XOSC_STARTUP_1MS;
    XOSC_CTRL = XOSC_CTRL_ENABLE_1_15MHZ;
    while ((XOSC_STATUS & XOSC_STATUS_STABLE) == 0u) {
    }
    /* Off the PLL before it is touched: a debugger may restart a program that set it up already. */
    CLK_SYS_CTRL = CLK_SYS_REF;
    while (CLK_SYS_SELECTED != 1u << CLK_SYS_REF) {
    }
    CLK_REF_CTRL = CLK_REF_XOSC;
    while (CLK_REF_SELECTED != 1u << CLK_REF_XOSC) {
    }
    release_reset(RESET_PLL_SYS);
    PLL_CS = 1; /* reference divider */
    PLL_FBDIV_INT = PLL_FBDIV;
    PLL_PWR = PLL_PWR_POSTDIV_OFF;
    while ((PLL_CS & PLL_CS_LOCK) == 0u) {
    }
    PLL_PRIM = PLL_PRIM_VALUE;
    PLL_PWR = PLL_PWR_ON;
    CLK_SYS_CTRL = CLK_SYS_PLL;
    while (CLK_SYS_SELECTED != 1u << CLK_SYS_PLL) {
    }
    CLK_PERI_CTRL = CLK_PERI_ENABLE;
}

static void start_uart(void) {
    release_reset(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART);
    UART_IBRD = BAUD_DIVIDER_X64 / 64u;
    UART_FBRD = BAUD_DIVIDER_X64 % 64u;
    UART_LCR_H = LCR_H_8N1_FIFO;
    UART_CR = CR_ENABLE_TX_RX;
    PADS_BANK0(TC_UART_TX_PIN) = PAD_OUTPUT;
    PADS_BANK0(TC_UART_RX_PIN) = PAD_INPUT_PULL_UP;
    IO_BANK0_CTRL(TC_UART_TX_PIN) = IO_FUNCTION_UART;
    IO_BANK0_CTRL(TC_UART_RX_PIN) = IO_FUNCTION_UART;
}

static void start_ticks(void) {
    WATCHDOG_TICK = WATCHDOG_TICK_ENABLE | (CRYSTAL_HZ / 1000000u);
    release_reset(RESET_TIMER);
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
    if ((UART_FR & FR_RXFE) != 0u) {
        return -1;
    }
    return (int)(UART_DR & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((UART_FR & FR_TXFF) != 0u) {
        }
        UART_DR = bytes[i];
    }
}

/* `coarse` is off by some microseconds, far less than half a wrap of SysTick: the count with
 * SysTick's low 24 bits that is nearest to it is exact. */
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
