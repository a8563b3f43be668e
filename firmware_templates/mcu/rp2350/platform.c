/* Raspberry Pi RP2350, one Cortex-M33: crystal and PLL, UART, DWT cycle counter.
 *
 * Sections of the RP2350 datasheet in brackets. The boot ROM has set the flash chip up for quad
 * reads at a third of the core's clock, and starts the program in the secure state.
 *
 * The UART's receive buffer holds 32 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CRYSTAL_HZ 12000000u

#define RESETS_RESET_CLEAR REGISTER(0x40020000u + 0x3000u) /* [7.5], atomic clear [2.1.3] */
#define RESETS_RESET_DONE  REGISTER(0x40020008u)
#define RESET_IO_BANK0     (1u << 6)
#define RESET_PADS_BANK0   (1u << 9)
#define RESET_PLL_SYS      (1u << 14)
#define RESET_UART         (1u << (26u + TC_UART_INSTANCE))

#define XOSC_CTRL                REGISTER(0x40048000u) /* [8.2.8] */
#define XOSC_STATUS              REGISTER(0x40048004u)
#define XOSC_STARTUP             REGISTER(0x4004800Cu)
#define XOSC_CTRL_ENABLE_1_15MHZ (0xAA0u | (0xFABu << 12))
#define XOSC_STATUS_STABLE       (1u << 31)
#define XOSC_STARTUP_1MS         ((CRYSTAL_HZ / 1000u + 128u) / 256u)

#define CLK_REF_CTRL     REGISTER(0x40010030u) /* [8.1.7] */
#define CLK_REF_SELECTED REGISTER(0x40010038u)
#define CLK_SYS_CTRL     REGISTER(0x4001003Cu)
#define CLK_SYS_SELECTED REGISTER(0x40010044u)
#define CLK_PERI_CTRL    REGISTER(0x40010048u)
#define CLK_REF_XOSC     2u
#define CLK_SYS_REF      0u
#define CLK_SYS_PLL      1u
#define CLK_PERI_ENABLE  (1u << 11)

#define PLL_CS              REGISTER(0x40050000u) /* [8.6.5] */
#define PLL_PWR             REGISTER(0x40050004u)
#define PLL_FBDIV_INT       REGISTER(0x40050008u)
#define PLL_PRIM            REGISTER(0x4005000Cu)
#define PLL_CS_LOCK         (1u << 31)
#define PLL_PWR_POSTDIV_OFF ((1u << 2) | (1u << 3)) /* the VCO runs, the post dividers not */
#define PLL_PWR_ON          (1u << 2)
/* VCO = 12 MHz * FBDIV = 10 * core clock (750 to 1600 MHz); post dividers 5 and 2. */
#define PLL_FBDIV      (TC_CORE_CLOCK_HZ / 1200000u)
#define PLL_PRIM_VALUE ((5u << 16) | (2u << 12))

#define IO_BANK0_CTRL(pin) REGISTER(0x40028004u + 8u * (pin)) /* [9.11.1] */
#define IO_FUNCTION_UART   2u
#define PADS_BANK0(pin)    REGISTER(0x40038004u + 4u * (pin)) /* [9.11.3] */
/* Both clear bit 8, which isolates a pad after reset [9.7]. */
#define PAD_OUTPUT        0x56u /* input enabled, 4 mA, Schmitt trigger */
#define PAD_INPUT_PULL_UP 0x5Au

#define UART_BASE        (0x40070000u + 0x8000u * TC_UART_INSTANCE) /* [12.1.8] */
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

_Static_assert(TC_CORE_CLOCK_HZ % 1200000 == 0, "the PLL makes multiples of 1.2 MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 75600000 && TC_CORE_CLOCK_HZ <= 150000000, "core clock range");
_Static_assert(TC_UART_TX_PIN % 4 == 0 && (TC_UART_TX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's TX (datasheet 1.2.3)");
_Static_assert(TC_UART_RX_PIN % 4 == 1 && (TC_UART_RX_PIN + 4) / 8 % 2 == TC_UART_INSTANCE,
               "this pin is not the UART's RX (datasheet 1.2.3)");

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

uint32_t tc_platform_ticks(void) {
    return TC_DWT_CYCCNT;
}

_Noreturn void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        __asm volatile("wfi");
    }
}
