/* STMicroelectronics STM32H743 and the Cortex-M7 of the STM32H747: PLL from the internal
 * oscillator, caches, USART, DWT cycle counter.
 *
 * Chapters of the reference manuals RM0433 (H743) and RM0399 (H747) in brackets, by name. The core
 * runs at TC_CORE_CLOCK_HZ, the buses at half of that (AXI, AHB) and a quarter (APB). Voltage scale
 * 1 allows 400 MHz on every silicon revision; 480 MHz needs scale 0, which revision Y lacks.
 *
 * A boot loader may have started the PLL already: the core leaves it before it is changed.
 *
 * The USART's receive buffer holds 16 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_m7_cache.h"
#include "tc_stm32_gpio.h"
#include "tc_stm32_usart.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR REGISTER(0x52002000u) /* [FLASH registers] */

#define PWR_CSR1         REGISTER(0x58024804u) /* [PWR registers] */
#define PWR_CR3          REGISTER(0x5802480Cu)
#define PWR_D3CR         REGISTER(0x58024818u)
#define CSR1_ACTVOSRDY   (1u << 13)
#define CR3_SUPPLY_MASK  7u
#define CR3_LDOEN        (1u << 1)
#define D3CR_VOSRDY      (1u << 13)
#define D3CR_VOS_SCALE_1 (3u << 14)

#define RCC_CR                     REGISTER(0x58024400u) /* [RCC registers] */
#define RCC_CFGR                   REGISTER(0x58024410u)
#define RCC_D1CFGR                 REGISTER(0x58024418u)
#define RCC_D2CFGR                 REGISTER(0x5802441Cu)
#define RCC_D3CFGR                 REGISTER(0x58024420u)
#define RCC_PLLCKSELR              REGISTER(0x58024428u)
#define RCC_PLLCFGR                REGISTER(0x5802442Cu)
#define RCC_PLL1DIVR               REGISTER(0x58024430u)
#define RCC_AHB4ENR                REGISTER(0x580244E0u)
#define RCC_APB1LENR               REGISTER(0x580244E8u)
#define RCC_APB2ENR                REGISTER(0x580244F0u)
#define CR_HSION                   (1u << 0)
#define CR_HSIRDY                  (1u << 2)
#define CR_HSIDIV_MASK             (3u << 3)
#define CR_PLL1ON                  (1u << 24)
#define CR_PLL1RDY                 (1u << 25)
#define CFGR_SW_MASK               7u
#define CFGR_SW_PLL1               3u
#define CFGR_SWS_MASK              (7u << 3)
#define CFGR_SWS_PLL1              (3u << 3)
#define D1CFGR_HPRE_DIV2_PPRE_DIV2 (8u | (4u << 4))
#define D2CFGR_PPRE1_PPRE2_DIV2    ((4u << 4) | (4u << 8))
#define D3CFGR_PPRE_DIV2           (4u << 4)

/* PLL input 64 MHz / 16 = 4 MHz; VCO = 4 MHz * N (192 to 836 MHz); core = VCO / 2. */
#define PLL_M          16u
#define PLL_N          (TC_CORE_CLOCK_HZ / 2000000u)
#define PLLCFGR_VALUE  ((2u << 2) | (1u << 16)) /* input range 4 to 8 MHz, wide VCO, output P */
#define PLL1DIVR_VALUE ((PLL_N - 1u) | (1u << 9) | (1u << 16) | (1u << 24))

#define AXI_HZ           (TC_CORE_CLOCK_HZ / 2u)
#define APB_HZ           (TC_CORE_CLOCK_HZ / 4u)
#define FLASH_LATENCY    ((AXI_HZ - 1u) / 70000000u) /* [FLASH read operations] */
#define FLASH_WRHIGHFREQ (2u << 4)

#if TC_UART_INSTANCE == 1
#define USART_BASE           0x40011000u
#define ENABLE_USART_CLOCK() (RCC_APB2ENR |= 1u << 4)
#elif TC_UART_INSTANCE == 2
#define USART_BASE           0x40004400u
#define ENABLE_USART_CLOCK() (RCC_APB1LENR |= 1u << 17)
#elif TC_UART_INSTANCE == 3
#define USART_BASE           0x40004800u
#define ENABLE_USART_CLOCK() (RCC_APB1LENR |= 1u << 18)
#else
#error "this port knows USART1, USART2 and USART3"
#endif
#define USART ((tc_stm32_usart *)USART_BASE)

#define GPIO_BASE 0x58020000u /* [GPIO registers] */

#define DBGMCU_IDCODE    REGISTER(0x5C001000u) /* [DBGMCU registers] */
#define AXI_TARG7_FN_MOD REGISTER(0x51008108u)

_Static_assert(TC_CORE_CLOCK_HZ % 2000000 == 0, "the PLL makes even MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 96000000 && TC_CORE_CLOCK_HZ <= 400000000, "core clock range");

/* Errata sheet ES0392, 2.2.9: AXI SRAM of revision Y may return wrong data to overlapping reads. */
static void serialise_axi_sram_reads(void) {
    if ((DBGMCU_IDCODE >> 16) < 0x2000u) {
        AXI_TARG7_FN_MOD = 1;
    }
}

/* Which regulator supplies the core can be said once after power-on [PWR_CR3]. An STM32H747 has one
 * more to choose from, which depends on the board: its boot loader has said it. */
static void choose_supply(void) {
#if defined(TC_MCU_STM32H743)
    PWR_CR3 = (PWR_CR3 & ~CR3_SUPPLY_MASK) | CR3_LDOEN;
#elif !defined(TC_MCU_STM32H747)
#error "this port knows the STM32H743 and the STM32H747"
#endif
    while ((PWR_CSR1 & CSR1_ACTVOSRDY) == 0u) {
    }
    PWR_D3CR |= D3CR_VOS_SCALE_1;
    while ((PWR_D3CR & D3CR_VOSRDY) == 0u) {
    }
}

static void leave_pll(void) {
    RCC_CR = (RCC_CR & ~CR_HSIDIV_MASK) | CR_HSION;
    while ((RCC_CR & CR_HSIRDY) == 0u) {
    }
    RCC_CFGR &= ~CFGR_SW_MASK;
    while ((RCC_CFGR & CFGR_SWS_MASK) != 0u) {
    }
    RCC_CR &= ~CR_PLL1ON;
    while ((RCC_CR & CR_PLL1RDY) != 0u) {
    }
}

static void start_clocks(void) {
    RCC_PLLCKSELR = PLL_M << 4; /* source HSI */
    RCC_PLLCFGR = PLLCFGR_VALUE;
    RCC_PLL1DIVR = PLL1DIVR_VALUE;
    RCC_CR |= CR_PLL1ON;
    while ((RCC_CR & CR_PLL1RDY) == 0u) {
    }
    FLASH_ACR = FLASH_WRHIGHFREQ | FLASH_LATENCY;
    while (FLASH_ACR != (FLASH_WRHIGHFREQ | FLASH_LATENCY)) {
    }
    /* The dividers first, so that no bus is ever too fast. */
    RCC_D1CFGR = D1CFGR_HPRE_DIV2_PPRE_DIV2;
    RCC_D2CFGR = D2CFGR_PPRE1_PPRE2_DIV2;
    RCC_D3CFGR = D3CFGR_PPRE_DIV2;
    RCC_CFGR = CFGR_SW_PLL1;
    while ((RCC_CFGR & CFGR_SWS_MASK) != CFGR_SWS_PLL1) {
    }
}

static void connect_pin(uint32_t port, uint32_t pin) {
    RCC_AHB4ENR |= 1u << port;
    (void)RCC_AHB4ENR; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_connect(TC_STM32_GPIO(GPIO_BASE, port), pin, TC_UART_ALTERNATE_FUNCTION);
}

static void start_uart(void) {
    connect_pin(TC_UART_TX_PORT, TC_UART_TX_PIN);
    connect_pin(TC_UART_RX_PORT, TC_UART_RX_PIN);
    ENABLE_USART_CLOCK();
    (void)RCC_APB1LENR;
    tc_stm32_usart_start(USART, TC_STM32_USART_BRR(APB_HZ, TC_UART_BAUD),
                         TC_STM32_USART_CR1_FIFOEN);
}

void tc_platform_init(void) {
    TC_MPU_CTRL = 0; /* rules of a boot loader */
    serialise_axi_sram_reads();
    choose_supply();
    leave_pll();
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
