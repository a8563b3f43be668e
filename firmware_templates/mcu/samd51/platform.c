/* Microchip SAMD51: PLL from the internal 48 MHz oscillator, cache, a SERCOM as UART, DWT cycle
 * counter.
 *
 * Chapters of the data sheet DS60001507 (SAM D5x/E5x) in brackets, by name. The oscillator
 * (DFLL48M, open loop) is accurate to 2 % (Electrical Characteristics): enough for a UART. Cycle
 * counts do not depend on it. A boot loader may have started other clocks; it leaves the oscillator
 * running.
 *
 * The SERCOM buffers two received bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"

#define REGISTER(address)    (*(volatile uint32_t *)(address))
#define REGISTER_16(address) (*(volatile uint16_t *)(address))
#define REGISTER_8(address)  (*(volatile uint8_t *)(address))

#define NVMCTRL_CTRLA REGISTER_16(0x41004000u) /* [NVMCTRL] */
#define CTRLA_AUTOWS  (1u << 2)
#define CTRLA_RWS(n)  ((n) << 8)
/* At 120 MHz five [Electrical Characteristics: NVM]; automatic ones are never fewer. */
#define FLASH_WAIT_STATES 5u

#define CMCC_CTRL REGISTER(0x41006008u) /* [CMCC] */
#define CMCC_SR   REGISTER(0x4100600Cu)

#define MCLK_APBDMASK    REGISTER(0x40000820u) /* [MCLK] */
#define APBDMASK_SERCOM5 (1u << 1)

#define OSCCTRL_STATUS  REGISTER(0x40001010u) /* [OSCCTRL] */
#define DPLL0_CTRLA     REGISTER_8(0x40001030u)
#define DPLL0_RATIO     REGISTER(0x40001034u)
#define DPLL0_CTRLB     REGISTER(0x40001038u)
#define DPLL0_SYNCBUSY  REGISTER(0x4000103Cu)
#define DPLL0_STATUS    REGISTER(0x40001040u)
#define STATUS_DFLLRDY  (1u << 8)
#define DPLL_ENABLE     (1u << 1)
#define DPLL_LBYPASS    (1u << 11) /* errata sheet DS80000748: lock is lost for no reason */
#define DPLL_LOCK_READY 3u

#define GCLK_SYNCBUSY   REGISTER(0x40001C04u) /* [GCLK] */
#define GCLK_GENCTRL(n) REGISTER(0x40001C20u + 4u * (n))
#define GCLK_PCHCTRL(n) REGISTER(0x40001C80u + 4u * (n))
#define GENCTRL_DFLL    (6u | (1u << 8)) /* source, enabled */
#define GENCTRL_DPLL0   (7u | (1u << 8))
#define GENCTRL_DIV(n)  ((n) << 16)
#define PCHCTRL_CHEN    (1u << 6)
/* Generators of clocks, and peripherals that use them. */
#define CORE_GENERATOR  0u
#define UART_GENERATOR  1u
#define PLL_GENERATOR   5u
#define CHANNEL_DPLL0   1u
#define CHANNEL_SERCOM5 35u

#define DFLL_HZ 48000000u
#define PLL_HZ  1000000u /* the PLL's reference */

#define PORT_PMUX(port, pin)   REGISTER_8(0x41008030u + 0x80u * (port) + (pin) / 2u) /* [PORT] */
#define PORT_PINCFG(port, pin) REGISTER_8(0x41008040u + 0x80u * (port) + (pin))
#define PINCFG_PMUXEN_INEN     3u
#define FUNCTION_C             2u

#define SERCOM         0x43000400u /* [SERCOM USART] */
#define USART_CTRLA    REGISTER(SERCOM + 0x00u)
#define USART_CTRLB    REGISTER(SERCOM + 0x04u)
#define USART_BAUD     REGISTER_16(SERCOM + 0x0Cu)
#define USART_INTFLAG  REGISTER_8(SERCOM + 0x18u)
#define USART_SYNCBUSY REGISTER(SERCOM + 0x1Cu)
#define USART_DATA     REGISTER(SERCOM + 0x28u)
#define CTRLA_SWRST    (1u << 0)
#define CTRLA_ENABLE   (1u << 1)
/* Internal clock, 16 samples a bit, TX on pad 0, RX on pad 1, least bit first. */
#define CTRLA_MODE      ((1u << 2) | (0u << 16) | (1u << 20) | (1u << 30))
#define CTRLB_TXEN_RXEN (3u << 16)
#define INTFLAG_DRE     (1u << 0)
#define INTFLAG_RXC     (1u << 2)
/* 65536 * (1 - 16 * baud / clock), rounded. */
#define BAUD_VALUE (65536u - (uint32_t)((((uint64_t)TC_UART_BAUD << 20) + DFLL_HZ / 2u) / DFLL_HZ))

_Static_assert(TC_CORE_CLOCK_HZ % PLL_HZ == 0, "the PLL makes whole MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 96000000 && TC_CORE_CLOCK_HZ <= 120000000, "core clock range");
_Static_assert(TC_UART_INSTANCE == 5, "this port knows SERCOM5");
_Static_assert(TC_UART_TX_PORT == 1 && TC_UART_TX_PIN == 16 && TC_UART_RX_PORT == 1 &&
                   TC_UART_RX_PIN == 17,
               "this port knows SERCOM5 on PB16 (pad 0) and PB17 (pad 1)");
_Static_assert(TC_UART_BAUD <= DFLL_HZ / 16, "baud rate out of range");

static void start_generator(uint32_t generator, uint32_t control) {
    GCLK_GENCTRL(generator) = control;
    while ((GCLK_SYNCBUSY & (4u << generator)) != 0u) {
    }
}

/* A channel must be off while its generator is changed [GCLK: peripheral clock control]. */
static void connect_channel(uint32_t channel, uint32_t generator) {
    GCLK_PCHCTRL(channel) = 0;
    while ((GCLK_PCHCTRL(channel) & PCHCTRL_CHEN) != 0u) {
    }
    GCLK_PCHCTRL(channel) = generator | PCHCTRL_CHEN;
    while ((GCLK_PCHCTRL(channel) & PCHCTRL_CHEN) == 0u) {
    }
}

static void start_clocks(void) {
    NVMCTRL_CTRLA = CTRLA_AUTOWS | CTRLA_RWS(FLASH_WAIT_STATES);
    while ((OSCCTRL_STATUS & STATUS_DFLLRDY) == 0u) {
    }
    /* Off the PLL before it is touched: a debugger may restart a program that set it up already. */
    start_generator(CORE_GENERATOR, GENCTRL_DFLL);
    DPLL0_CTRLA = 0;
    while ((DPLL0_SYNCBUSY & DPLL_ENABLE) != 0u) {
    }
    start_generator(PLL_GENERATOR, GENCTRL_DFLL | GENCTRL_DIV(DFLL_HZ / PLL_HZ));
    connect_channel(CHANNEL_DPLL0, PLL_GENERATOR);
    DPLL0_RATIO = TC_CORE_CLOCK_HZ / PLL_HZ - 1u;
    while (DPLL0_SYNCBUSY != 0u) {
    }
    DPLL0_CTRLB = DPLL_LBYPASS; /* reference: its generic clock */
    DPLL0_CTRLA = DPLL_ENABLE;
    while ((DPLL0_STATUS & DPLL_LOCK_READY) != DPLL_LOCK_READY) {
    }
    start_generator(CORE_GENERATOR, GENCTRL_DPLL0);
}

static void start_cache(void) {
    CMCC_CTRL = 1;
    while ((CMCC_SR & 1u) == 0u) {
    }
}

/* Two pins share a register of functions: the even one has its low half. */
static void connect_pin(uint32_t port, uint32_t pin) {
    const uint32_t shift = 4u * (pin % 2u);
    const uint32_t others = PORT_PMUX(port, pin) & ~(15u << shift);
    PORT_PMUX(port, pin) = (uint8_t)(others | (FUNCTION_C << shift));
    PORT_PINCFG(port, pin) = PINCFG_PMUXEN_INEN;
}

static void wait_for_uart(void) {
    while (USART_SYNCBUSY != 0u) {
    }
}

/* The SERCOM may run at 100 MHz at most: it gets the oscillator [Electrical Characteristics]. */
static void start_uart(void) {
    start_generator(UART_GENERATOR, GENCTRL_DFLL);
    connect_channel(CHANNEL_SERCOM5, UART_GENERATOR);
    MCLK_APBDMASK |= APBDMASK_SERCOM5;
    USART_CTRLA = CTRLA_SWRST;
    wait_for_uart();
    USART_CTRLA = CTRLA_MODE;
    USART_BAUD = (uint16_t)BAUD_VALUE;
    USART_CTRLB = CTRLB_TXEN_RXEN;
    wait_for_uart();
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    USART_CTRLA = CTRLA_MODE | CTRLA_ENABLE;
    wait_for_uart();
}

void tc_platform_init(void) {
    start_clocks();
    start_cache();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    if ((USART_INTFLAG & INTFLAG_RXC) == 0u) {
        return -1;
    }
    return (int)(USART_DATA & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((USART_INTFLAG & INTFLAG_DRE) == 0u) {
        }
        USART_DATA = bytes[i];
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
