/* The legacy UART. It has a receive buffer of six bytes, so that polling may lag behind by half a
 * millisecond at 115200 baud; the EasyDMA one (UARTE) has none.
 *
 * Chapters of the nRF52840 Product Specification v1.1 in brackets. */
#include <stdint.h>

#include "board_config.h"
#include "serial.h"
#include "tc_platform.h"

#if !TC_SERIAL_USB_CDC

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define GPIO_BASE(port)         (0x50000000u + 0x300u * (port)) /* [6.9 GPIO] */
#define GPIO_OUTSET(port)       REGISTER(GPIO_BASE(port) + 0x508u)
#define GPIO_PIN_CNF(port, pin) REGISTER(GPIO_BASE(port) + 0x700u + 4u * (pin))
#define PIN_CNF_OUTPUT          3u        /* DIR output, INPUT disconnected */
#define PIN_CNF_INPUT_PULL_UP   (3u << 2) /* a line with nothing on it must read as idle */

#define UART_TASKS_STARTRX REGISTER(0x40002000u) /* [6.33 UART] */
#define UART_TASKS_STARTTX REGISTER(0x40002008u)
#define UART_EVENTS_RXDRDY REGISTER(0x40002108u)
#define UART_EVENTS_TXDRDY REGISTER(0x4000211Cu)
#define UART_INTENCLR      REGISTER(0x40002308u)
#define UART_ENABLE        REGISTER(0x40002500u)
#define UART_PSEL_RTS      REGISTER(0x40002508u)
#define UART_PSEL_TXD      REGISTER(0x4000250Cu)
#define UART_PSEL_CTS      REGISTER(0x40002510u)
#define UART_PSEL_RXD      REGISTER(0x40002514u)
#define UART_RXD           REGISTER(0x40002518u)
#define UART_TXD           REGISTER(0x4000251Cu)
#define UART_BAUDRATE      REGISTER(0x40002524u)
#define UART_CONFIG        REGISTER(0x4000256Cu)
#define ENABLE_UART        4u
#define PSEL_DISCONNECTED  0xFFFFFFFFu
#define PSEL(port, pin)    (((port) << 5) | (pin))
#define CONFIG_8N1         0u

/* BAUDRATE counts in units of 16 MHz / 2^32; only its upper 20 bits exist. */
#define BAUDRATE_VALUE ((((((uint64_t)TC_UART_BAUD) << 32) / 16000000u) + 0x800u) & 0xFFFFF000u)

_Static_assert(TC_UART_INSTANCE == 0, "an nRF52 has one legacy UART, UART0");
_Static_assert(TC_UART_BAUD >= 1200 && TC_UART_BAUD <= 1000000, "baud rate out of range");

void tc_platform_serial_start(void) {
    UART_ENABLE = 0;
    UART_INTENCLR = 0xFFFFFFFFu;
    GPIO_OUTSET(TC_UART_TX_PORT) = 1u << TC_UART_TX_PIN;
    GPIO_PIN_CNF(TC_UART_TX_PORT, TC_UART_TX_PIN) = PIN_CNF_OUTPUT;
    GPIO_PIN_CNF(TC_UART_RX_PORT, TC_UART_RX_PIN) = PIN_CNF_INPUT_PULL_UP;
    UART_PSEL_RTS = PSEL_DISCONNECTED;
    UART_PSEL_CTS = PSEL_DISCONNECTED;
    UART_PSEL_TXD = PSEL(TC_UART_TX_PORT, TC_UART_TX_PIN);
    UART_PSEL_RXD = PSEL(TC_UART_RX_PORT, TC_UART_RX_PIN);
    UART_BAUDRATE = (uint32_t)BAUDRATE_VALUE;
    UART_CONFIG = CONFIG_8N1;
    UART_ENABLE = ENABLE_UART;
    UART_EVENTS_RXDRDY = 0;
    UART_EVENTS_TXDRDY = 0;
    UART_TASKS_STARTRX = 1;
    UART_TASKS_STARTTX = 1;
}

int tc_platform_getc(void) {
    if (UART_EVENTS_RXDRDY == 0u) {
        return -1;
    }
    /* In this order: reading RXD lets the next byte of the buffer raise the event again. */
    UART_EVENTS_RXDRDY = 0;
    return (int)(UART_RXD & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        UART_EVENTS_TXDRDY = 0;
        UART_TXD = bytes[i];
        while (UART_EVENTS_TXDRDY == 0u) {
        }
    }
}

bool tc_platform_serial_serve(void) {
    return false;
}

#endif
