/* STMicroelectronics STM32L4R5: PLL from the internal oscillator, flash caches, USART or LPUART,
 * DWT cycle counter.
 *
 * Chapters of the reference manual RM0432 in brackets, by name. The internal 16 MHz oscillator is
 * accurate to 1 % at room temperature (datasheet, HSI16 characteristics): enough for a UART. Cycle
 * counts do not depend on it.
 *
 * The receive buffer holds 8 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_stm32_gpio.h"
#include "tc_stm32_usart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR               REGISTER(0x40022000u) /* [FLASH registers] */
#define ACR_PREFETCH_AND_CACHES (7u << 8)

#define PWR_CR2        REGISTER(0x40007004u) /* [PWR registers] */
#define PWR_SR2        REGISTER(0x40007014u)
#define PWR_CR5        REGISTER(0x40007080u)
#define CR2_IOSV       (1u << 9)
#define SR2_VOSF       (1u << 10)
#define CR5_R1MODE     (1u << 8)
#define APB1ENR1_PWREN (1u << 28)

#define RCC_CR         REGISTER(0x40021000u) /* [RCC registers] */
#define RCC_CFGR       REGISTER(0x40021008u)
#define RCC_PLLCFGR    REGISTER(0x4002100Cu)
#define RCC_AHB2ENR    REGISTER(0x4002104Cu)
#define RCC_APB1ENR1   REGISTER(0x40021058u)
#define RCC_APB1ENR2   REGISTER(0x4002105Cu)
#define RCC_APB2ENR    REGISTER(0x40021060u)
#define CR_HSION       (1u << 8)
#define CR_HSIRDY      (1u << 10)
#define CR_PLLON       (1u << 24)
#define CR_PLLRDY      (1u << 25)
#define CFGR_SW_PLL    3u
#define CFGR_SWS_MASK  (3u << 2)
#define CFGR_SWS_PLL   (3u << 2)
#define CFGR_HPRE_DIV2 (8u << 4)

/* PLL input 16 MHz / 4 = 4 MHz; VCO = 4 MHz * N (64 to 344 MHz); core = VCO / 2.
 * Source HSI16, M = 4, output R divided by 2. */
#define PLL_N          (TC_CORE_CLOCK_HZ / 2000000u)
#define PLLCFGR_VALUE  (2u | (3u << 4) | (PLL_N << 8) | (1u << 24))
#define FLASH_LATENCY  ((TC_CORE_CLOCK_HZ - 1u) / 20000000u) /* [read access latency] */
#define RANGE_1_MAX_HZ 80000000u                             /* more needs the boost mode */
#define BOOST_US       1u

#if defined(TC_UART_IS_LPUART)
#define USART_BASE           0x40008000u
#define ENABLE_USART_CLOCK() (RCC_APB1ENR2 |= 1u << 0)
#define USART_DIVIDER        TC_STM32_LPUART_BRR(TC_CORE_CLOCK_HZ, TC_UART_BAUD)
_Static_assert(TC_UART_INSTANCE == 1, "there is one LPUART");
/* [LPUART baud rate generation] */
_Static_assert(TC_CORE_CLOCK_HZ / TC_UART_BAUD >= 3 && TC_CORE_CLOCK_HZ / TC_UART_BAUD < 4096,
               "an LPUART's baud rate is its clock divided by 3 to 4096");
#else
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
#error "this port knows USART1, USART2, USART3 and LPUART1"
#endif
#define USART_DIVIDER TC_STM32_USART_BRR(TC_CORE_CLOCK_HZ, TC_UART_BAUD)
#endif
#define USART ((tc_stm32_usart *)USART_BASE)

#define GPIO_BASE 0x48000000u /* [GPIO registers] */
#define PORT_G    6u

_Static_assert(TC_CORE_CLOCK_HZ % 2000000 == 0, "the PLL makes even MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 32000000 && TC_CORE_CLOCK_HZ <= 120000000, "core clock range");

/* About us microseconds at the 4 MHz after reset, or more. */
static void wait_us(uint32_t us) {
    for (volatile uint32_t left = us * (TC_CORE_CLOCK_HZ / 1000000u); left != 0u; --left) {
    }
}

static void start_power(void) {
    RCC_APB1ENR1 |= APB1ENR1_PWREN;
    (void)RCC_APB1ENR1; /* two cycles until the peripheral hears [RCC] */
    while ((PWR_SR2 & SR2_VOSF) != 0u) {
    }
    if (TC_CORE_CLOCK_HZ > RANGE_1_MAX_HZ) {
        PWR_CR5 &= ~CR5_R1MODE;
    }
}

/* Above 80 MHz the regulator gets a microsecond at half the speed [Dynamic voltage scaling]. */
static void start_clocks(void) {
    RCC_CR |= CR_HSION;
    while ((RCC_CR & CR_HSIRDY) == 0u) {
    }
    RCC_PLLCFGR = PLLCFGR_VALUE;
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0u) {
    }
    FLASH_ACR = ACR_PREFETCH_AND_CACHES | FLASH_LATENCY;
    while (FLASH_ACR != (ACR_PREFETCH_AND_CACHES | FLASH_LATENCY)) {
    }
    RCC_CFGR = CFGR_HPRE_DIV2 | CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS_MASK) != CFGR_SWS_PLL) {
    }
    wait_us(BOOST_US);
    RCC_CFGR = CFGR_SW_PLL;
}

static void connect_pin(uint32_t port, uint32_t pin) {
    if (port == PORT_G) {
        PWR_CR2 |= CR2_IOSV; /* pins from PG2 on have a supply of their own [PWR] */
    }
    RCC_AHB2ENR |= 1u << port;
    (void)RCC_AHB2ENR; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_connect(TC_STM32_GPIO(GPIO_BASE, port), pin, TC_UART_ALTERNATE_FUNCTION);
}

static void start_uart(void) {
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    ENABLE_USART_CLOCK();
    (void)RCC_APB2ENR;
    tc_stm32_usart_start(USART, USART_DIVIDER, TC_STM32_USART_CR1_FIFOEN);
}

void tc_platform_init(void) {
    start_power();
    start_clocks();
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
