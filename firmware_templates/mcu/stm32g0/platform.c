/* STMicroelectronics STM32G0B1: PLL from the internal oscillator, USART, TIM2 as cycle counter.
 *
 * Chapters of the reference manual RM0444 in brackets, by name. The internal 16 MHz oscillator is
 * accurate to 1 % (datasheet, HSI16 characteristics): enough for a UART. Cycle counts do not depend
 * on it. A Cortex-M0+ has no cycle counter; TIM2 has 32 bits and counts the core's clock.
 *
 * The USART's receive buffer holds 8 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_stm32_gpio.h"
#include "tc_stm32_usart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR        REGISTER(0x40022000u) /* [FLASH registers] */
#define ACR_LATENCY_MASK 7u
#define ACR_PRFTEN_ICEN  (3u << 8)

#define RCC_CR        REGISTER(0x40021000u) /* [RCC registers] */
#define RCC_CFGR      REGISTER(0x40021008u)
#define RCC_PLLCFGR   REGISTER(0x4002100Cu)
#define RCC_IOPENR    REGISTER(0x40021034u)
#define RCC_APBENR1   REGISTER(0x4002103Cu)
#define RCC_APBENR2   REGISTER(0x40021040u)
#define CR_PLLON      (1u << 24)
#define CR_PLLRDY     (1u << 25)
#define CFGR_SW_PLL   2u
#define CFGR_SWS_MASK (7u << 3)
#define CFGR_SWS_PLL  (2u << 3)

/* PLL input 16 MHz / 2 = 8 MHz; VCO = 8 MHz * N (96 to 344 MHz); core = VCO / 2. */
#define PLL_N         (TC_CORE_CLOCK_HZ / 4000000u)
#define PLLCFGR_VALUE (2u | (1u << 4) | (PLL_N << 8) | (1u << 28) | (1u << 29)) /* HSI16, R = 2 */
#define FLASH_LATENCY ((TC_CORE_CLOCK_HZ - 1u) / 24000000u) /* [FLASH read access latency] */

#define TIM2_CR1 REGISTER(0x40000000u) /* [TIM2 registers] */
#define TIM2_CNT REGISTER(0x40000024u)
#define TIM2_PSC REGISTER(0x40000028u)
#define TIM2_ARR REGISTER(0x4000002Cu)
#define CR1_CEN  (1u << 0)

#if TC_UART_INSTANCE == 1
#define USART_BASE           0x40013800u
#define ENABLE_USART_CLOCK() (RCC_APBENR2 |= 1u << 14)
#elif TC_UART_INSTANCE == 2
#define USART_BASE           0x40004400u
#define ENABLE_USART_CLOCK() (RCC_APBENR1 |= 1u << 17)
#elif TC_UART_INSTANCE == 3
#define USART_BASE           0x40004800u
#define ENABLE_USART_CLOCK() (RCC_APBENR1 |= 1u << 18)
#else
#error "this port knows USART1, USART2 and USART3"
#endif
#define USART ((tc_stm32_usart *)USART_BASE)

#define GPIO_BASE 0x50000000u /* [GPIO registers] */

_Static_assert(TC_CORE_CLOCK_HZ % 4000000 == 0, "the PLL makes multiples of 4 MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 48000000 && TC_CORE_CLOCK_HZ <= 64000000, "core clock range");

static void start_clocks(void) {
    RCC_PLLCFGR = PLLCFGR_VALUE;
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0u) {
    }
    /* Other bits of this register say whether flash is empty and whether a debugger may connect. */
    FLASH_ACR = (FLASH_ACR & ~ACR_LATENCY_MASK) | ACR_PRFTEN_ICEN | FLASH_LATENCY;
    while ((FLASH_ACR & ACR_LATENCY_MASK) != FLASH_LATENCY) {
    }
    RCC_CFGR = CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS_MASK) != CFGR_SWS_PLL) {
    }
}

static void connect_pin(uint32_t port, uint32_t pin) {
    RCC_IOPENR |= 1u << port;
    (void)RCC_IOPENR; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_connect(TC_STM32_GPIO(GPIO_BASE, port), pin, TC_UART_ALTERNATE_FUNCTION);
}

static void start_uart(void) {
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    ENABLE_USART_CLOCK();
    (void)RCC_APBENR1;
    tc_stm32_usart_start(USART, TC_STM32_USART_BRR(TC_CORE_CLOCK_HZ, TC_UART_BAUD),
                         TC_STM32_USART_CR1_FIFOEN);
}

/* The bus is not divided, so the timer runs at the core's clock [RCC: timer clock]. */
static void start_ticks(void) {
    RCC_APBENR1 |= 1u << 0;
    (void)RCC_APBENR1;
    TIM2_PSC = 0;
    TIM2_ARR = 0xFFFFFFFFu;
    TIM2_CNT = 0;
    TIM2_CR1 = CR1_CEN;
}

void tc_platform_init(void) {
    start_clocks();
    start_uart();
    start_ticks();
}

int tc_platform_getc(void) {
    return tc_stm32_usart_getc(USART);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_stm32_usart_write(USART, bytes, count);
}

uint32_t tc_platform_ticks(void) {
    return TIM2_CNT;
}

_Noreturn void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        __asm volatile("wfi");
    }
}
