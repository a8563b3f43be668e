/* The cycle counter of Armv7-M and Armv8-M Mainline cores, for platform.c files.
 * Armv7-M Architecture Reference Manual (DDI 0403E), C1.6.5 DEMCR and C1.8 DWT. */
#ifndef TC_DWT_H
#define TC_DWT_H

#include <stdint.h>

#define TC_DEMCR      (*(volatile uint32_t *)0xE000EDFCu)
#define TC_DWT_CTRL   (*(volatile uint32_t *)0xE0001000u)
#define TC_DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)
#define TC_DWT_LAR    (*(volatile uint32_t *)0xE0001FB0u)

#define TC_DEMCR_TRCENA       (1u << 24)
#define TC_DWT_CTRL_CYCCNTENA (1u << 0)
#define TC_DWT_LAR_KEY        0xC5ACCE55u

static inline void tc_dwt_start(void) {
    TC_DEMCR |= TC_DEMCR_TRCENA;
#if defined(__ARM_ARCH_7EM__)
    /* Some Cortex-M7 keep the DWT locked until told (CoreSight Lock Access Register); a core that
     * has no such lock ignores the write. */
    TC_DWT_LAR = TC_DWT_LAR_KEY;
#endif
    TC_DWT_CYCCNT = 0;
    TC_DWT_CTRL |= TC_DWT_CTRL_CYCCNTENA;
}

#endif
