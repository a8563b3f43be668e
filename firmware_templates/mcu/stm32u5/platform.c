/* STMicroelectronics STM32U575: PLL from the internal oscillator, instruction cache, USART, DWT
 * cycle counter. TrustZone must be off (option bit TZEN = 0, as delivered).
 *
 * Chapters of the reference manual RM0456 in brackets, by name. The internal 16 MHz oscillator is
 * accurate to 1 % at room temperature: enough for a UART. Cycle counts do not depend on it.
 *
 * The USART's receive buffer holds 8 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_stm32_gpio.h"
#include "tc_stm32_usart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR  REGISTER(0x40022000u) /* [FLASH registers] */
#define ACR_PRFTEN (1u << 8)

#define ICACHE_CR       REGISTER(0x40030400u) /* [ICACHE registers] */
#define ICACHE_SR       REGISTER(0x40030404u)
#define ICACHE_CR_EN    (1u << 0)
#define ICACHE_SR_BUSYF (1u << 0)

#define PWR_VOSR      REGISTER(0x4602080Cu) /* [PWR registers] */
#define VOSR_BOOSTRDY (1u << 14)
#define VOSR_VOSRDY   (1u << 15)
#define VOSR_RANGE_1  (3u << 16)
#define VOSR_BOOSTEN  (1u << 18)

#define RCC_CR          REGISTER(0x46020C00u) /* [RCC registers] */
#define RCC_CFGR1       REGISTER(0x46020C1Cu)
#define RCC_CFGR2       REGISTER(0x46020C20u)
#define RCC_PLL1CFGR    REGISTER(0x46020C28u)
#define RCC_PLL1DIVR    REGISTER(0x46020C34u)
#define RCC_AHB2ENR1    REGISTER(0x46020C8Cu)
#define RCC_AHB3ENR     REGISTER(0x46020C94u)
#define RCC_APB1ENR1    REGISTER(0x46020C9Cu)
#define RCC_APB2ENR     REGISTER(0x46020CA4u)
#define CR_HSION        (1u << 8)
#define CR_HSIRDY       (1u << 10)
#define CR_PLL1ON       (1u << 24)
#define CR_PLL1RDY      (1u << 25)
#define CFGR1_SW_PLL1   3u
#define CFGR1_SWS_MASK  (3u << 2)
#define CFGR1_SWS_PLL1  (3u << 2)
#define CFGR2_HPRE_DIV2 8u
#define AHB3ENR_PWREN   (1u << 2)

/* PLL input 16 MHz / 4 = 4 MHz; VCO = 4 MHz * N (128 to 544 MHz); core = VCO / 2. The booster of
 * the voltage regulator runs from 16 MHz / 2. */
#define PLL_N          (TC_CORE_CLOCK_HZ / 2000000u)
#define PLL1CFGR_VALUE (2u | (3u << 8) | (1u << 12) | (1u << 18)) /* HSI, M = 4, output R */
#define PLL1DIVR_VALUE ((PLL_N - 1u) | (1u << 9) | (1u << 16) | (1u << 24))
#define FLASH_LATENCY  ((TC_CORE_CLOCK_HZ - 1u) / 32000000u) /* [FLASH read access latency] */

#if TC_UART_INSTANCE == 1
#define USART_BASE           0x40013800u
#define ENABLE_USART_CLOCK() (RCC_APB2ENR |= 1u << 14)
#elif TC_UART_INSTANCE == 2
#define USART_BASE           0x40004400u
#define ENABLE_USART_CLOCK() (RCC_APB1ENR1 |= 1u << 17)
#elif TC_UART_INSTANCE == 3
#define USART_BASE           0x40004800u
#define ENABLE_USART_CLOCK() (RCC_APB1ENR1 |= 1u << 18)
#else
#error "this port knows USART1, USART2 and USART3"
#endif
#define USART ((tc_stm32_usart *)USART_BASE)

#define GPIO_BASE 0x42020000u /* [GPIO registers] */

_Static_assert(TC_CORE_CLOCK_HZ % 2000000 == 0, "the PLL makes even MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 64000000 && TC_CORE_CLOCK_HZ <= 160000000, "core clock range");

static void start_power(void) {
    RCC_AHB3ENR |= AHB3ENR_PWREN;
    (void)RCC_AHB3ENR;
    PWR_VOSR |= VOSR_RANGE_1;
    while ((PWR_VOSR & VOSR_VOSRDY) == 0u) {
    }
    RCC_CR |= CR_HSION;
    while ((RCC_CR & CR_HSIRDY) == 0u) {
    }
    /* Above 55 MHz the regulator needs its booster, whose clock PLL1CFGR chooses [PWR]. */
    RCC_PLL1CFGR = PLL1CFGR_VALUE;
    PWR_VOSR |= VOSR_BOOSTEN;
    while ((PWR_VOSR & VOSR_BOOSTRDY) == 0u) {
    }
}

static void start_clocks(void) {
    RCC_PLL1DIVR = PLL1DIVR_VALUE;
    RCC_CR |= CR_PLL1ON;
    while ((RCC_CR & CR_PLL1RDY) == 0u) {
    }
    FLASH_ACR = ACR_PRFTEN | FLASH_LATENCY;
    while (FLASH_ACR != (ACR_PRFTEN | FLASH_LATENCY)) {
    }
    /* From 4 MHz to full speed in two steps, to spare the regulator the whole jump at once. */
    RCC_CFGR2 = CFGR2_HPRE_DIV2;
    RCC_CFGR1 = CFGR1_SW_PLL1;
    while ((RCC_CFGR1 & CFGR1_SWS_MASK) != CFGR1_SWS_PLL1) {
    }
    RCC_CFGR2 = 0;
}

static void start_cache(void) {
    while ((ICACHE_SR & ICACHE_SR_BUSYF) != 0u) {
    }
    ICACHE_CR |= ICACHE_CR_EN;
}

static void connect_pin(uint32_t port, uint32_t pin) {
    RCC_AHB2ENR1 |= 1u << port;
    (void)RCC_AHB2ENR1; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_connect(TC_STM32_GPIO(GPIO_BASE, port), pin, TC_UART_ALTERNATE_FUNCTION);
}

static void start_uart(void) {
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    ENABLE_USART_CLOCK();
    (void)RCC_APB2ENR;
    tc_stm32_usart_start(USART, TC_STM32_USART_BRR(TC_CORE_CLOCK_HZ, TC_UART_BAUD),
                         TC_STM32_USART_CR1_FIFOEN);
}

void tc_platform_init(void) {
    start_power();
    start_clocks();
    start_cache();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    return tc_stm32_usart_getc(USART);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    tc_stm32_usart_write(USART, bytes, count);
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
