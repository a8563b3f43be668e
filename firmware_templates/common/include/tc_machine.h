/* What the firmware runs on, which it tells in HELLO: silicon, an emulator, or a PC.
 *
 * CPUID (Armv7-M Architecture Reference Manual, DDI 0403E, B3.2.3; at the same address on every
 * Cortex-M) names who designed the core in bits 31..24. Arm gives these codes out and reserves 0
 * for software (MIDR.Implementer, DDI 0487), so no silicon has it, and none can be made to have it:
 * the register is read-only. Our emulator has it, and QEMU when tinycompress starts it. */
#ifndef TC_MACHINE_H
#define TC_MACHINE_H

#include <stdint.h>

#include "board_config.h"

#define TC_MACHINE_NOT_TOLD 0u
#define TC_MACHINE_SILICON  1u
#define TC_MACHINE_EMULATOR 2u
#define TC_MACHINE_PC       3u

#define TC_CPUID                   (*(const volatile uint32_t *)0xE000ED00u)
#define TC_CPUID_IMPLEMENTER_SHIFT 24
#define TC_IMPLEMENTER_SOFTWARE    0u

static inline uint32_t tc_machine(void) {
#if !defined(__ARM_ARCH_PROFILE) || __ARM_ARCH_PROFILE != 'M'
    return TC_MACHINE_PC;
#else
    if (TC_CPUID >> TC_CPUID_IMPLEMENTER_SHIFT == TC_IMPLEMENTER_SOFTWARE) {
        return TC_MACHINE_EMULATOR;
    }
#if defined(TC_QEMU_HAS_THIS_MACHINE)
    /* QEMU that somebody else has started shows the CPUID of silicon. */
    return TC_MACHINE_NOT_TOLD;
#else
    return TC_MACHINE_SILICON;
#endif
#endif
}

#endif
