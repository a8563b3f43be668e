/* What RP2040 and RP2350 have alike, at other addresses, for platform.c files: the blocks' reset,
 * the way from the crystal to the core clock, and the UART, an Arm PrimeCell PL011. Datasheets of
 * the RP2040 and the RP2350, chapters "Resets", "XOSC", "Clocks", "PLL" and "UART". */
#ifndef TC_RP2_H
#define TC_RP2_H

#include <stddef.h>
#include <stdint.h>

#define TC_RP2_CRYSTAL_HZ 12000000u

typedef struct {
    volatile uint32_t reset;
    volatile uint32_t watchdog;
    volatile uint32_t done;
} tc_rp2_resets;

typedef struct {
    volatile uint32_t control;
    volatile uint32_t status;
    volatile uint32_t dormant;
    volatile uint32_t startup;
} tc_rp2_crystal;

/* The clocks from clk_ref on: control, divider and which source is selected. */
typedef struct {
    volatile uint32_t reference_control;
    volatile uint32_t reference_divider;
    volatile uint32_t reference_selected;
    volatile uint32_t system_control;
    volatile uint32_t system_divider;
    volatile uint32_t system_selected;
    volatile uint32_t peripheral_control;
} tc_rp2_clocks;

typedef struct {
    volatile uint32_t control;
    volatile uint32_t power;
    volatile uint32_t feedback_divider;
    volatile uint32_t post_dividers;
} tc_rp2_pll;

typedef struct {
    volatile uint32_t data;
    volatile uint32_t unused[5];
    volatile uint32_t flags;
    volatile uint32_t more_unused[2];
    volatile uint32_t integer_divider;
    volatile uint32_t fraction_divider;
    volatile uint32_t line_control;
    volatile uint32_t control;
} tc_rp2_uart;

#define TC_RP2_CLEAR_ALIAS          0x3000u /* writes clear the bits */
#define TC_RP2_CRYSTAL_1_15MHZ      (0xAA0u | (0xFABu << 12))
#define TC_RP2_CRYSTAL_STABLE       (1u << 31)
#define TC_RP2_CRYSTAL_1MS          ((TC_RP2_CRYSTAL_HZ / 1000u + 128u) / 256u)
#define TC_RP2_REFERENCE_XOSC       2u
#define TC_RP2_SYSTEM_REFERENCE     0u
#define TC_RP2_SYSTEM_PLL           1u
#define TC_RP2_PERIPHERAL_ENABLE    (1u << 11)
#define TC_RP2_PLL_LOCK             (1u << 31)
#define TC_RP2_PLL_POST_DIVIDER_OFF ((1u << 2) | (1u << 3)) /* the VCO runs, they do not */
#define TC_RP2_PLL_ON               (1u << 2)
#define TC_RP2_UART_RXFE            (1u << 4)
#define TC_RP2_UART_TXFF            (1u << 5)
#define TC_RP2_UART_8N1_FIFO        ((3u << 5) | (1u << 4))
#define TC_RP2_UART_ENABLE_TX_RX    ((1u << 0) | (1u << 8) | (1u << 9))

/* The divider of the UART in 64ths; it samples 16 times a bit. */
#define TC_RP2_UART_DIVIDER_X64(clock_hz, baud) ((4u * (clock_hz) + (baud) / 2u) / (baud))

static inline void tc_rp2_release_reset(tc_rp2_resets *resets, uint32_t blocks) {
    volatile uint32_t *clear = (volatile uint32_t *)((uintptr_t)resets + TC_RP2_CLEAR_ALIAS);
    *clear = blocks;
    while ((resets->done & blocks) != blocks) {
    }
}

static inline void tc_rp2_start_crystal(tc_rp2_crystal *crystal) {
    crystal->startup = TC_RP2_CRYSTAL_1MS;
    crystal->control = TC_RP2_CRYSTAL_1_15MHZ;
    while ((crystal->status & TC_RP2_CRYSTAL_STABLE) == 0u) {
    }
}

static inline void tc_rp2_select_system(tc_rp2_clocks *clocks, uint32_t source) {
    clocks->system_control = source;
    while (clocks->system_selected != 1u << source) {
    }
}

/* The reference on the crystal, and the core on that. Off the PLL before it is touched: a debugger
 * may restart a program that set it up already. */
static inline void tc_rp2_run_from_crystal(tc_rp2_clocks *clocks) {
    tc_rp2_select_system(clocks, TC_RP2_SYSTEM_REFERENCE);
    clocks->reference_control = TC_RP2_REFERENCE_XOSC;
    while (clocks->reference_selected != 1u << TC_RP2_REFERENCE_XOSC) {
    }
}

/* pll is out of reset. */
static inline void tc_rp2_run_from_pll(tc_rp2_clocks *clocks, tc_rp2_pll *pll,
                                       uint32_t feedback_divider, uint32_t post_dividers) {
    pll->control = 1; /* reference divider */
    pll->feedback_divider = feedback_divider;
    pll->power = TC_RP2_PLL_POST_DIVIDER_OFF;
    while ((pll->control & TC_RP2_PLL_LOCK) == 0u) {
    }
    pll->post_dividers = post_dividers;
    pll->power = TC_RP2_PLL_ON;
    tc_rp2_select_system(clocks, TC_RP2_SYSTEM_PLL);
    clocks->peripheral_control = TC_RP2_PERIPHERAL_ENABLE;
}

static inline void tc_rp2_uart_start(tc_rp2_uart *uart, uint32_t divider_x64) {
    uart->integer_divider = divider_x64 / 64u;
    uart->fraction_divider = divider_x64 % 64u;
    uart->line_control = TC_RP2_UART_8N1_FIFO;
    uart->control = TC_RP2_UART_ENABLE_TX_RX;
}

/* The next byte that has arrived, -1 if there is none. */
static inline int tc_rp2_uart_getc(const tc_rp2_uart *uart) {
    if ((uart->flags & TC_RP2_UART_RXFE) != 0u) {
        return -1;
    }
    return (int)(uart->data & 0xFFu);
}

static inline void tc_rp2_uart_write(tc_rp2_uart *uart, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((uart->flags & TC_RP2_UART_TXFF) != 0u) {
        }
        uart->data = bytes[i];
    }
}

#endif
