/* Nordic nRF5340, application core: crystal clock, cache, UARTE, DWT cycle counter. The program
 * runs in the secure state, as after reset, and uses the secure addresses of peripherals.
 *
 * Chapters of the nRF5340 Product Specification v1.4 in brackets, by name.
 *
 * The UARTE reaches RAM alone, a byte at a time while receiving: its buffer of four bytes keeps
 * what arrives until the next poll [UARTE: reception]. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FICR_TRIMCNF       0x00FF0300u /* [FICR] */
#define FICR_TRIMCNF_COUNT 32u
#define TRIMCNF_ADDRESS(i) REGISTER(FICR_TRIMCNF + 8u * (i))
#define TRIMCNF_DATA(i)    REGISTER(FICR_TRIMCNF + 8u * (i) + 4u)
#define TRIMCNF_NO_MORE    0xFFFFFFFFu

#define CACHE_ENABLE REGISTER(0x50001500u) /* [CACHE] */

#define CLOCK_TASKS_HFCLKSTART    REGISTER(0x50005000u) /* [CLOCK] */
#define CLOCK_EVENTS_HFCLKSTARTED REGISTER(0x50005100u)
#define CLOCK_HFCLKCTRL           REGISTER(0x50005558u)
#define HFCLKCTRL_DIV1            0u

#define GPIO_BASE(port)         (0x50842500u + 0x300u * (port)) /* [GPIO] */
#define GPIO_OUTSET(port)       REGISTER(GPIO_BASE(port) + 0x008u)
#define GPIO_PIN_CNF(port, pin) REGISTER(GPIO_BASE(port) + 0x200u + 4u * (pin))
#define PIN_CNF_OUTPUT          3u        /* DIR output, INPUT disconnected; of this core */
#define PIN_CNF_INPUT_PULL_UP   (3u << 2) /* a line with nothing on it must read as idle */

#define UARTE               0x50008000u /* UARTE0 [UARTE] */
#define UARTE_TASKS_STARTRX REGISTER(UARTE + 0x000u)
#define UARTE_TASKS_STARTTX REGISTER(UARTE + 0x008u)
#define UARTE_EVENTS_ENDRX  REGISTER(UARTE + 0x110u)
#define UARTE_EVENTS_ENDTX  REGISTER(UARTE + 0x120u)
#define UARTE_INTENCLR      REGISTER(UARTE + 0x308u)
#define UARTE_ENABLE        REGISTER(UARTE + 0x500u)
#define UARTE_PSEL_RTS      REGISTER(UARTE + 0x508u)
#define UARTE_PSEL_TXD      REGISTER(UARTE + 0x50Cu)
#define UARTE_PSEL_CTS      REGISTER(UARTE + 0x510u)
#define UARTE_PSEL_RXD      REGISTER(UARTE + 0x514u)
#define UARTE_BAUDRATE      REGISTER(UARTE + 0x524u)
#define UARTE_RXD_PTR       REGISTER(UARTE + 0x534u)
#define UARTE_RXD_MAXCNT    REGISTER(UARTE + 0x538u)
#define UARTE_TXD_PTR       REGISTER(UARTE + 0x544u)
#define UARTE_TXD_MAXCNT    REGISTER(UARTE + 0x548u)
#define UARTE_CONFIG        REGISTER(UARTE + 0x56Cu)
#define ENABLE_UARTE        8u
#define PSEL_DISCONNECTED   0xFFFFFFFFu
#define PSEL(port, pin)     (((port) << 5) | (pin))
#define CONFIG_8N1          0u

/* BAUDRATE counts in units of 16 MHz / 2^32; only its upper 20 bits exist. */
#define BAUDRATE_VALUE ((((((uint64_t)TC_UART_BAUD) << 32) / 16000000u) + 0x800u) & 0xFFFFF000u)

#define CHUNK_BYTES 64u

_Static_assert(TC_CORE_CLOCK_HZ == 128000000, "the application core's clock is 128 MHz");
_Static_assert(TC_UART_INSTANCE == 0, "this port knows UARTE0");
_Static_assert(TC_UART_BAUD >= 1200 && TC_UART_BAUD <= 1000000, "baud rate out of range");

static volatile uint8_t received;
static uint8_t sent[CHUNK_BYTES];

/* The chip's own settings, measured in production [FICR: TRIMCNF]. */
static void trim(void) {
    for (uint32_t i = 0; i < FICR_TRIMCNF_COUNT && TRIMCNF_ADDRESS(i) != TRIMCNF_NO_MORE; ++i) {
        REGISTER(TRIMCNF_ADDRESS(i)) = TRIMCNF_DATA(i);
    }
}

static void start_clocks(void) {
    CLOCK_HFCLKCTRL = HFCLKCTRL_DIV1;
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1; /* the crystal, as HFCLKSRC says after reset */
    while (CLOCK_EVENTS_HFCLKSTARTED == 0u) {
    }
}

static void start_uart(void) {
    UARTE_ENABLE = 0;
    UARTE_INTENCLR = 0xFFFFFFFFu;
    GPIO_OUTSET(TC_UART_TX_PORT) = 1u << TC_UART_TX_PIN;
    GPIO_PIN_CNF(TC_UART_TX_PORT, TC_UART_TX_PIN) = PIN_CNF_OUTPUT;
    GPIO_PIN_CNF(TC_UART_RX_PORT, TC_UART_RX_PIN) = PIN_CNF_INPUT_PULL_UP;
    UARTE_PSEL_RTS = PSEL_DISCONNECTED;
    UARTE_PSEL_CTS = PSEL_DISCONNECTED;
    UARTE_PSEL_TXD = PSEL(TC_UART_TX_PORT, TC_UART_TX_PIN);
    UARTE_PSEL_RXD = PSEL(TC_UART_RX_PORT, TC_UART_RX_PIN);
    UARTE_BAUDRATE = (uint32_t)BAUDRATE_VALUE;
    UARTE_CONFIG = CONFIG_8N1;
    UARTE_ENABLE = ENABLE_UARTE;
    UARTE_RXD_PTR = (uint32_t)(uintptr_t)&received;
    UARTE_RXD_MAXCNT = 1;
    UARTE_EVENTS_ENDRX = 0;
    UARTE_TASKS_STARTRX = 1;
}

void tc_platform_init(void) {
    trim();
    CACHE_ENABLE = 1;
    start_clocks();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    if (UARTE_EVENTS_ENDRX == 0u) {
        return -1;
    }
    UARTE_EVENTS_ENDRX = 0;
    const uint8_t byte = received;
    UARTE_TASKS_STARTRX = 1;
    return byte;
}

/* What is sent may lie in flash, which the UARTE cannot read. */
void tc_platform_write(const uint8_t *bytes, size_t count) {
    while (count > 0u) {
        const size_t chunk = count < CHUNK_BYTES ? count : CHUNK_BYTES;
        for (size_t i = 0; i < chunk; ++i) {
            ((volatile uint8_t *)sent)[i] = bytes[i];
        }
        UARTE_EVENTS_ENDTX = 0;
        UARTE_TXD_PTR = (uint32_t)(uintptr_t)sent;
        UARTE_TXD_MAXCNT = (uint32_t)chunk;
        UARTE_TASKS_STARTTX = 1;
        while (UARTE_EVENTS_ENDTX == 0u) {
        }
        bytes += chunk;
        count -= chunk;
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
