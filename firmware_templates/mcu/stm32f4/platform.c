/* STMicroelectronics STM32F446 and STM32F411: PLL from the internal oscillator, USART, DWT cycle
 * counter.
 *
 * Chapters of the reference manuals RM0390 (F446) and RM0383 (F411) in brackets, by name. The
 * internal 16 MHz oscillator is accurate to 1 % at room temperature (datasheet, HSI
 * characteristics): enough for a UART, and it needs nothing on the board. Cycle counts do not
 * depend on it.
 *
 * The USART buffers one received byte: the firmware must poll at least once in a byte's time. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_stm32_gpio.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#if defined(TC_MCU_STM32F446)
#define CORE_MAX_HZ    180000000
#define HAS_OVER_DRIVE 1
#define PLL_R          (2u << 28)
#elif defined(TC_MCU_STM32F411)
#define CORE_MAX_HZ    100000000
#define HAS_OVER_DRIVE 0
#define PLL_R          0u /* the PLL has no such output */
#else
#error "this port knows the STM32F446 and the STM32F411"
#endif

#define FLASH_ACR               REGISTER(0x40023C00u) /* [flash interface registers] */
#define ACR_PREFETCH_AND_CACHES (7u << 8)

#define PWR_CR         REGISTER(0x40007000u) /* [PWR registers] */
#define PWR_CSR        REGISTER(0x40007004u)
#define CR_VOS_SCALE_1 (3u << 14)
#define CR_ODEN        (1u << 16)
#define CR_ODSWEN      (1u << 17)
#define CSR_ODRDY      (1u << 16)
#define CSR_ODSWRDY    (1u << 17)

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
#define PLLCFGR_VALUE (PLL_M | (PLL_N << 6) | (2u << 24) | PLL_R) /* P = 2, source HSI */
#define FLASH_LATENCY ((TC_CORE_CLOCK_HZ - 1u) / 30000000u)       /* [read access latency] */

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
#define USART_SR     REGISTER(USART_BASE + 0x00u) /* [USART registers] */
#define USART_DR     REGISTER(USART_BASE + 0x04u)
#define USART_BRR    REGISTER(USART_BASE + 0x08u)
#define USART_CR1    REGISTER(USART_BASE + 0x0Cu)
#define SR_RXNE      (1u << 5)
#define SR_TXE       (1u << 7)
#define CR1_UE_TE_RE ((1u << 13) | (1u << 3) | (1u << 2))

#define GPIO_BASE 0x40020000u /* [GPIO registers] */

_Static_assert(TC_CORE_CLOCK_HZ % 1000000 == 0, "the PLL makes whole MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 50000000 && TC_CORE_CLOCK_HZ <= CORE_MAX_HZ, "core clock range");

/* Above 168 MHz the regulator needs over-drive; below it does no harm [PWR]. */
static void start_over_drive(void) {
#if HAS_OVER_DRIVE
    PWR_CR |= CR_ODEN;
    while ((PWR_CSR & CSR_ODRDY) == 0u) {
    }
    PWR_CR |= CR_ODSWEN;
    while ((PWR_CSR & CSR_ODSWRDY) == 0u) {
    }
#endif
}

static void start_clocks(void) {
    RCC_APB1ENR |= APB1ENR_PWREN;
    (void)RCC_APB1ENR; /* two cycles until the peripheral hears [RCC] */
    PWR_CR |= CR_VOS_SCALE_1;
    RCC_PLLCFGR = PLLCFGR_VALUE;
    RCC_CR |= CR_PLLON;
    start_over_drive();
    while ((RCC_CR & CR_PLLRDY) == 0u) {
    }
    FLASH_ACR = ACR_PREFETCH_AND_CACHES | FLASH_LATENCY;
    while (FLASH_ACR != (ACR_PREFETCH_AND_CACHES | FLASH_LATENCY)) {
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
    (void)RCC_APB1ENR;
    USART_BRR = (USART_CLOCK_HZ + TC_UART_BAUD / 2u) / TC_UART_BAUD;
    USART_CR1 = CR1_UE_TE_RE;
}

void tc_platform_init(void) {
    start_clocks();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    if ((USART_SR & SR_RXNE) == 0u) {
        return -1;
    }
    /* Reading SR, then DR also clears an overrun [USART_SR: ORE]. */
    return (int)(USART_DR & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((USART_SR & SR_TXE) == 0u) {
        }
        USART_DR = bytes[i];
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
