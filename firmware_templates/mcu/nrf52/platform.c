/* Nordic nRF52833 and nRF52840: crystal clock, instruction cache, DWT cycle counter. The serial
 * transport is in uart.c or usb_cdc.c.
 *
 * Chapters of the nRF52840 Product Specification v1.1 in brackets; the nRF52833's registers used
 * here are the same. */
#include "tc_platform.h"

#include "board_config.h"
#include "serial.h"
#include "tc_dwt.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CLOCK_TASKS_HFCLKSTART    REGISTER(0x40000000u) /* [5.4 CLOCK] */
#define CLOCK_EVENTS_HFCLKSTARTED REGISTER(0x40000100u)

#define NVMC_ICACHECNF    REGISTER(0x4001E540u) /* [4.3 NVMC] */
#define ICACHECNF_CACHEEN (1u << 0)

_Static_assert(TC_CORE_CLOCK_HZ == 64000000, "an nRF52's core clock is 64 MHz");

static void start_crystal(void) {
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1;
    while (CLOCK_EVENTS_HFCLKSTARTED == 0u) {
    }
}

void tc_platform_init(void) {
    NVMC_ICACHECNF = ICACHECNF_CACHEEN;
    start_crystal();
    tc_platform_serial_start();
    tc_dwt_start();
}

uint32_t tc_platform_ticks(void) {
    return TC_DWT_CYCCNT;
}

_Noreturn void tc_platform_exit(int code) {
    (void)code;
    for (;;) {
        if (!tc_platform_serial_serve()) {
            __asm volatile("wfi");
        }
    }
}
