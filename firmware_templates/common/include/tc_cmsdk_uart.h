/* The UART of Arm's FPGA images, for platform.c files.
 * Arm Cortex-M System Design Kit Technical Reference Manual (DDI 0479C), 4.3 UART. */
#ifndef TC_CMSDK_UART_H
#define TC_CMSDK_UART_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t ctrl;
    volatile uint32_t intstatus;
    volatile uint32_t bauddiv;
} tc_cmsdk_uart;

#define TC_CMSDK_UART_STATE_TX_FULL     (1u << 0)
#define TC_CMSDK_UART_STATE_RX_FULL     (1u << 1)
#define TC_CMSDK_UART_CTRL_TX_RX_ENABLE 3u

/* The divider must be at least 16. */
static inline void tc_cmsdk_uart_start(tc_cmsdk_uart *uart, uint32_t clock_hz, uint32_t baud) {
    uart->bauddiv = (clock_hz + baud / 2u) / baud;
    uart->ctrl = TC_CMSDK_UART_CTRL_TX_RX_ENABLE;
}

/* The next byte that has arrived, -1 if there is none. */
static inline int tc_cmsdk_uart_getc(const tc_cmsdk_uart *uart) {
    if ((uart->state & TC_CMSDK_UART_STATE_RX_FULL) == 0u) {
        return -1;
    }
    return (int)(uart->data & 0xFFu);
}

static inline void tc_cmsdk_uart_write(tc_cmsdk_uart *uart, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((uart->state & TC_CMSDK_UART_STATE_TX_FULL) != 0u) {
        }
        uart->data = bytes[i];
    }
}

#endif
