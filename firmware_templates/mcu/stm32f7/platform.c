/* STMicroelectronics STM32F746: PLL from the internal oscillator, caches, USART, DWT cycle counter.
 *
 * Chapters of the reference manual RM0385 in brackets, by name. The internal 16 MHz oscillator is
 * accurate to 1 % at room temperature (datasheet, HSI characteristics): enough for a UART. Cycle
 * counts do not depend on it. Code and constants are read through the AXI bus and the core's
 * caches; the flash accelerator, which serves the ITCM bus alone, stays off.
 *
 * The USART buffers one received byte: the firmware must poll at least once in a byte's time. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_m7_cache.h"
#include "tc_stm32_gpio.h"
#include "tc_stm32_usart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR  REGISTER(0x40023C00u) /* [FLASH registers] */
#define ACR_PRFTEN (1u << 8)

#define PWR_CR1         REGISTER(0x40007000u) /* [PWR registers] */
#define PWR_CSR1        REGISTER(0x40007004u)
#define CR1_VOS_SCALE_1 (3u << 14)
#define CR1_ODEN        (1u << 16)
#define CR1_ODSWEN      (1u << 17)
#define CSR1_ODRDY      (1u << 16)
#define CSR1_ODSWRDY    (1u << 17)

#define RCC_CR          REGISTER(0x40023800u) /* [RCC registers] */
#define RCC_PLLCFGR     REGISTER(0x40023804u)
#define RCC_CFGR        REGISTER(0x40023808u)
#define RCC_AHB1ENR     REGISTER(0x40023830u)
#define RCC_APB1ENR     REGISTER(0x40023840u)
#define RCC_APB2ENR     REGISTER(0x40023844u)
#define CR_PLLON        (1u << 24)
#define CR_PLLRDY       (1u << 25)
#define CFGR_SW_PLL     2u
#define CFGR_SWS_MASK   (3u << 2)
#define CFGR_SWS_PLL    (2u << 2)
#define CFGR_PPRE1_DIV4 (5u << 10)
#define CFGR_PPRE2_DIV2 (4u << 13)
#define APB1ENR_PWREN   (1u << 28)

/* VCO input 16 MHz / 8 = 2 MHz; VCO = 2 MHz * N; core = VCO / 2. */
#define PLL_M         8u
#define PLL_N         (TC_CORE_CLOCK_HZ / 1000000u)
#define PLLCFGR_VALUE (PLL_M | (PLL_N << 6) | (2u << 24))   /* P = 2, source HSI */
#define FLASH_LATENCY ((TC_CORE_CLOCK_HZ - 1u) / 30000000u) /* [read access latency] */

#define APB1_HZ (TC_CORE_CLOCK_HZ / 4u)
#define APB2_HZ (TC_CORE_CLOCK_HZ / 2u)

#if TC_UART_INSTANCE == 1
#define USART_BASE           0x40011000u
#define USART_CLOCK_HZ       APB2_HZ
#define ENABLE_USART_CLOCK() (RCC_APB2ENR |= 1u << 4)
#elif TC_UART_INSTANCE == 2
#define USART_BASE           0x40004400u
#define USART_CLOCK_HZ       APB1_HZ
#define ENABLE_USART_CLOCK() (RCC_APB1ENR |= 1u << 17)
#elif TC_UART_INSTANCE == 3
#define USART_BASE           0x40004800u
#define USART_CLOCK_HZ       APB1_HZ
#define ENABLE_USART_CLOCK() (RCC_APB1ENR |= 1u << 18)
#else
#error "this port knows USART1, USART2 and USART3"
#endif
#define USART         ((tc_stm32_usart *)USART_BASE)
#define USART_NO_FIFO 0u

#define GPIO_BASE 0x40020000u /* [GPIO registers] */

_Static_assert(TC_CORE_CLOCK_HZ % 1000000 == 0, "the PLL makes whole MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 50000000 && TC_CORE_CLOCK_HZ <= 216000000, "core clock range");

static void start_clocks(void) {
    RCC_APB1ENR |= APB1ENR_PWREN;
    (void)RCC_APB1ENR; /* two cycles until the peripheral hears [RCC] */
    PWR_CR1 |= CR1_VOS_SCALE_1;
    RCC_PLLCFGR = PLLCFGR_VALUE;
    RCC_CR |= CR_PLLON;
    /* Above 180 MHz the regulator needs over-drive; below it does no harm [PWR]. */
    PWR_CR1 |= CR1_ODEN;
    while ((PWR_CSR1 & CSR1_ODRDY) == 0u) {
    }
    PWR_CR1 |= CR1_ODSWEN;
    while ((PWR_CSR1 & CSR1_ODSWRDY) == 0u) {
    }
    while ((RCC_CR & CR_PLLRDY) == 0u) {
    }
    FLASH_ACR = ACR_PRFTEN | FLASH_LATENCY;
    while (FLASH_ACR != (ACR_PRFTEN | FLASH_LATENCY)) {
    }
    RCC_CFGR = CFGR_PPRE1_DIV4 | CFGR_PPRE2_DIV2 | CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS_MASK) != CFGR_SWS_PLL) {
    }
}

static void connect_pin(uint32_t port, uint32_t pin) {
    RCC_AHB1ENR |= 1u << port;
    (void)RCC_AHB1ENR; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_connect(TC_STM32_GPIO(GPIO_BASE, port), pin, TC_UART_ALTERNATE_FUNCTION);
}

static void start_uart(void) {
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    ENABLE_USART_CLOCK();
    (void)RCC_APB2ENR;
    tc_stm32_usart_start(USART, TC_STM32_USART_BRR(USART_CLOCK_HZ, TC_UART_BAUD), USART_NO_FIFO);
}

void tc_platform_init(void) {
    start_clocks();
    tc_m7_start_caches();
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
