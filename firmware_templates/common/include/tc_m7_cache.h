/* The caches of the Cortex-M7, for platform.c files. Armv7-M Architecture Reference Manual
 * (DDI 0403E), B3.2 and B2.2.7; Cortex-M7 Technical Reference Manual (DDI 0489): lines of 32 bytes,
 * the data cache has four ways. */
#ifndef TC_M7_CACHE_H
#define TC_M7_CACHE_H

#include <stdint.h>

#define TC_SCB_CCR     (*(volatile uint32_t *)0xE000ED14u)
#define TC_SCB_CCSIDR  (*(volatile uint32_t *)0xE000ED80u)
#define TC_SCB_CSSELR  (*(volatile uint32_t *)0xE000ED84u)
#define TC_MPU_CTRL    (*(volatile uint32_t *)0xE000ED94u)
#define TC_SCB_ICIALLU (*(volatile uint32_t *)0xE000EF50u)
#define TC_SCB_DCISW   (*(volatile uint32_t *)0xE000EF60u)
#define TC_CCR_DC      (1u << 16)
#define TC_CCR_IC      (1u << 17)

static inline void tc_m7_barrier(void) {
    __asm volatile("dsb\n"
                   "isb" ::
                       : "memory");
}

static inline void tc_m7_invalidate_data_cache(void) {
    TC_SCB_CSSELR = 0;
    tc_m7_barrier();
    const uint32_t geometry = TC_SCB_CCSIDR;
    const uint32_t last_set = (geometry >> 13) & 0x7FFFu;
    const uint32_t last_way = (geometry >> 3) & 0x3FFu;
    for (uint32_t set = 0; set <= last_set; ++set) {
        for (uint32_t way = 0; way <= last_way; ++way) {
            TC_SCB_DCISW = (way << 30) | (set << 5);
        }
    }
}

/* A boot loader may have them on already, with data of ours in them: then they stay as they are. */
static inline void tc_m7_start_caches(void) {
    if ((TC_SCB_CCR & TC_CCR_DC) == 0u) {
        tc_m7_invalidate_data_cache();
    }
    TC_SCB_ICIALLU = 0;
    tc_m7_barrier();
    TC_SCB_CCR |= TC_CCR_IC | TC_CCR_DC;
    tc_m7_barrier();
}

#endif
