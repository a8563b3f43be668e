/* NXP i.MX RT1060: ARM PLL from the crystal, caches, LPUART, DWT cycle counter.
 *
 * Chapters of the i.MX RT1060 Processor Reference Manual (IMXRT1060RM) in brackets, by name. Code
 * and constants are read in place from the flash chip at FlexSPI, which the boot ROM has set up as
 * boot_header.c says, through the core's caches.
 *
 * The LPUART's receive buffer holds 4 bytes. */
#include "tc_platform.h"

#include "board_config.h"
#include "tc_dwt.h"
#include "tc_m7_cache.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CRYSTAL_HZ 24000000u

#define DCDC_REG0      REGISTER(0x40080000u) /* [DCDC] */
#define DCDC_REG3      REGISTER(0x4008000Cu)
#define REG0_STS_DC_OK (1u << 31)
#define REG3_TRG_MASK  0x1Fu
#define REG3_TRG_1250  ((1250u - 800u) / 25u) /* mV, for 600 MHz [data sheet: Operating ranges] */

#define CCM_ANALOG_PLL_ARM REGISTER(0x400D8000u) /* [CCM analog] */
#define PLL_ENABLE         (1u << 13)
#define PLL_BYPASS         (1u << 16)
#define PLL_LOCK           (1u << 31)
/* PLL = 24 MHz * N / 2 (648 to 1296 MHz); core = PLL / 2. */
#define PLL_N     (TC_CORE_CLOCK_HZ / 6000000u)
#define PLL_VALUE (PLL_N | PLL_ENABLE)

#define CCM_CACRR             REGISTER(0x400FC010u) /* [CCM] */
#define CCM_CBCDR             REGISTER(0x400FC014u)
#define CCM_CBCMR             REGISTER(0x400FC018u)
#define CCM_CSCDR1            REGISTER(0x400FC024u)
#define CCM_CDHIPR            REGISTER(0x400FC048u)
#define CCM_CCGR3             REGISTER(0x400FC074u)
#define CCM_CCGR6             REGISTER(0x400FC080u)
#define CACRR_DIV2            1u
#define CBCDR_PERIPH_CLK_SEL  (1u << 25) /* from the alternative clock */
#define CBCDR_PERIPH_CLK2_DIV (7u << 27)
#define CBCDR_AHB_DIV         (7u << 10)
#define CBCDR_IPG_DIV         (3u << 8)
#define CBCDR_IPG_DIV4        (3u << 8)
#define CBCMR_PERIPH_CLK2_SEL (3u << 12)
#define CBCMR_CLK2_CRYSTAL    (1u << 12)
#define CBCMR_PRE_PERIPH_PLL1 (3u << 18) /* the ARM PLL, divided by CACRR */
#define CDHIPR_BUSY           ((1u << 16) | (1u << 5) | (1u << 1))
#define CSCDR1_UART_MASK      0x7Fu
#define CSCDR1_UART_CRYSTAL   (1u << 6) /* and not divided */
#define CCGR_ON               3u
#define CCGR3_LPUART6         (CCGR_ON << 6)
#define CCGR6_DCDC            (CCGR_ON << 6)

#define MUX_CTL_AD_B0(n)     REGISTER(0x401F80BCu + 4u * (n)) /* [IOMUXC] */
#define PAD_CTL_AD_B0(n)     REGISTER(0x401F82ACu + 4u * (n))
#define LPUART6_RX_INPUT     REGISTER(0x401F8550u)
#define RX_INPUT_IS_AD_B0_03 1u
#define ALTERNATIVE_LPUART6  2u
#define PAD_OUTPUT           0x10B0u /* as reset: keeper, medium speed */
#define PAD_INPUT_PULL_UP    (0x10B0u | (2u << 14) | (1u << 13)) /* 100 kOhm */

#define LPUART               0x40198000u /* [LPUART] */
#define LPUART_GLOBAL        REGISTER(LPUART + 0x08u)
#define LPUART_BAUD          REGISTER(LPUART + 0x10u)
#define LPUART_STAT          REGISTER(LPUART + 0x14u)
#define LPUART_CTRL          REGISTER(LPUART + 0x18u)
#define LPUART_DATA          REGISTER(LPUART + 0x1Cu)
#define LPUART_FIFO          REGISTER(LPUART + 0x28u)
#define LPUART_WATER         REGISTER(LPUART + 0x2Cu)
#define STAT_TDRE            (1u << 23)
#define CTRL_TE_RE           ((1u << 19) | (1u << 18))
#define FIFO_TXFE_RXFE       ((1u << 7) | (1u << 3))
#define FIFO_TXFLUSH_RXFLUSH ((1u << 15) | (1u << 14))
#define WATER_RXCOUNT(w)     (((w) >> 24) & 7u)
#define CLOCKS_PER_BIT       ((CRYSTAL_HZ + TC_UART_BAUD / 2u) / TC_UART_BAUD)
#define OVERSAMPLING         (CLOCKS_PER_BIT > 32u ? 16u : CLOCKS_PER_BIT) /* 4 to 32 */
#define BAUD_DIVIDER         ((CLOCKS_PER_BIT + OVERSAMPLING / 2u) / OVERSAMPLING)
#define BAUD_VALUE           (((OVERSAMPLING - 1u) << 24) | BAUD_DIVIDER)

/* Armv7-M Architecture Reference Manual (DDI 0403E), B3.5. */
#define MPU_RBAR           REGISTER(0xE000ED9Cu)
#define MPU_RASR           REGISTER(0xE000EDA0u)
#define RBAR_REGION(n)     ((1u << 4) | (n))
#define RASR_ENABLE        1u
#define RASR_SIZE(bits)    (((bits)-1u) << 1)
#define RASR_NEVER_EXECUTE (1u << 28)
#define RASR_NO_ACCESS     (0u << 24)
#define RASR_READ_WRITE    (3u << 24)
#define RASR_READ_ONLY     (7u << 24)
#define RASR_DEVICE        (2u << 19)
#define RASR_NOT_CACHED    (1u << 19)
#define RASR_WRITE_BACK    ((1u << 19) | (1u << 17) | (1u << 16))
#define MPU_CTRL_ON        1u

_Static_assert(TC_CORE_CLOCK_HZ % 6000000 == 0, "the PLL makes multiples of 6 MHz");
_Static_assert(TC_CORE_CLOCK_HZ >= 324000000 && TC_CORE_CLOCK_HZ <= 600000000, "core clock range");
_Static_assert(TC_UART_INSTANCE == 6 && TC_UART_TX_PIN == 2 && TC_UART_RX_PIN == 3,
               "this port knows LPUART6 on GPIO_AD_B0_02 and GPIO_AD_B0_03");
_Static_assert(CLOCKS_PER_BIT >= 4 && BAUD_DIVIDER < 8192, "baud rate out of range");
_Static_assert(BAUD_DIVIDER *OVERSAMPLING * 50u >= CLOCKS_PER_BIT * 49u &&
                   BAUD_DIVIDER * OVERSAMPLING * 50u <= CLOCKS_PER_BIT * 51u,
               "the LPUART's clock cannot be divided to this baud rate");

static void start_power(void) {
    CCM_CCGR6 |= CCGR6_DCDC;
    DCDC_REG3 = (DCDC_REG3 & ~REG3_TRG_MASK) | REG3_TRG_1250;
    while ((DCDC_REG0 & REG0_STS_DC_OK) == 0u) {
    }
}

static void wait_for_switches(void) {
    while ((CCM_CDHIPR & CDHIPR_BUSY) != 0u) {
    }
}

/* From the crystal while the PLL changes, then from the PLL; the buses at a quarter of the core. */
static void start_clocks(void) {
    CCM_CBCMR = (CCM_CBCMR & ~CBCMR_PERIPH_CLK2_SEL) | CBCMR_CLK2_CRYSTAL;
    CCM_CBCDR &= ~CBCDR_PERIPH_CLK2_DIV;
    CCM_CBCDR |= CBCDR_PERIPH_CLK_SEL;
    wait_for_switches();
    CCM_ANALOG_PLL_ARM = PLL_BYPASS | PLL_VALUE;
    while ((CCM_ANALOG_PLL_ARM & PLL_LOCK) == 0u) {
    }
    CCM_ANALOG_PLL_ARM = PLL_VALUE;
    CCM_CACRR = CACRR_DIV2;
    CCM_CBCDR = (CCM_CBCDR & ~(CBCDR_AHB_DIV | CBCDR_IPG_DIV)) | CBCDR_IPG_DIV4;
    CCM_CBCMR |= CBCMR_PRE_PERIPH_PLL1;
    wait_for_switches();
    CCM_CBCDR &= ~CBCDR_PERIPH_CLK_SEL;
    wait_for_switches();
}

static void set_region(uint32_t number, uint32_t start, uint32_t size_and_attributes) {
    MPU_RBAR = start | RBAR_REGION(number);
    MPU_RASR = size_and_attributes | RASR_ENABLE;
}

/* A Cortex-M7 may read ahead from any memory that the MPU does not forbid; where FlexSPI has no
 * chip, nothing answers (Arm errata notice SDEN-1068427, 1013783). Higher numbers win. */
static void forbid_reading_ahead(void) {
    TC_MPU_CTRL = 0;
    set_region(0, 0, RASR_SIZE(32) | RASR_NO_ACCESS | RASR_NEVER_EXECUTE);
    set_region(1, 0x20000000u,
               RASR_SIZE(19) | RASR_READ_WRITE | RASR_NEVER_EXECUTE | RASR_NOT_CACHED); /* DTCM */
    set_region(2, 0x20200000u,
               RASR_SIZE(20) | RASR_READ_WRITE | RASR_NEVER_EXECUTE | RASR_WRITE_BACK); /* OCRAM */
    set_region(3, 0x40000000u,
               RASR_SIZE(26) | RASR_READ_WRITE | RASR_NEVER_EXECUTE |
                   RASR_DEVICE);                                                  /* peripherals */
    set_region(4, 0x60000000u, RASR_SIZE(23) | RASR_READ_ONLY | RASR_WRITE_BACK); /* flash */
    TC_MPU_CTRL = MPU_CTRL_ON;
    tc_m7_barrier();
}

static void start_uart(void) {
    CCM_CSCDR1 = (CCM_CSCDR1 & ~CSCDR1_UART_MASK) | CSCDR1_UART_CRYSTAL;
    CCM_CCGR3 |= CCGR3_LPUART6;
    MUX_CTL_AD_B0(TC_UART_TX_PIN) = ALTERNATIVE_LPUART6;
    MUX_CTL_AD_B0(TC_UART_RX_PIN) = ALTERNATIVE_LPUART6;
    PAD_CTL_AD_B0(TC_UART_TX_PIN) = PAD_OUTPUT;
    PAD_CTL_AD_B0(TC_UART_RX_PIN) = PAD_INPUT_PULL_UP;
    LPUART6_RX_INPUT = RX_INPUT_IS_AD_B0_03;
    LPUART_GLOBAL = 2u; /* reset, and out of it */
    LPUART_GLOBAL = 0;
    LPUART_BAUD = BAUD_VALUE;
    LPUART_FIFO = FIFO_TXFE_RXFE | FIFO_TXFLUSH_RXFLUSH;
    LPUART_CTRL = CTRL_TE_RE;
}

void tc_platform_init(void) {
    start_power();
    start_clocks();
    forbid_reading_ahead();
    tc_m7_start_caches();
    start_uart();
    tc_dwt_start();
}

int tc_platform_getc(void) {
    if (WATER_RXCOUNT(LPUART_WATER) == 0u) {
        return -1;
    }
    return (int)(LPUART_DATA & 0xFFu);
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((LPUART_STAT & STAT_TDRE) == 0u) {
        }
        LPUART_DATA = bytes[i];
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
