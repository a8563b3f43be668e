/* The end of a program under a debugger or an emulator, for platform.c files.
 * Arm semihosting for AArch32 and AArch64, 6.8 SYS_EXIT_EXTENDED. */
#ifndef TC_SEMIHOSTING_H
#define TC_SEMIHOSTING_H

#include <stdint.h>

#define TC_SEMIHOSTING_EXIT_EXTENDED    0x20u
#define TC_SEMIHOSTING_APPLICATION_EXIT 0x20026u

static inline _Noreturn void tc_semihosting_exit(int code) {
    const uint32_t block[2] = {TC_SEMIHOSTING_APPLICATION_EXIT, (uint32_t)code};
    register uint32_t operation __asm("r0") = TC_SEMIHOSTING_EXIT_EXTENDED;
    register const uint32_t *argument __asm("r1") = block;
    for (;;) {
        __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    }
}

#endif
