/* The porting contract: everything that a new MCU must bring, in one platform.c. */
#ifndef TC_PLATFORM_H
#define TC_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TC_NORETURN [[noreturn]]
#else
#define TC_NORETURN _Noreturn
#endif

/* Clocks, serial transport and tick counter, in that order. Called once, first thing in main(). */
void tc_platform_init(void);

/* Next received byte (0..255), or -1 if there is none yet. Never blocks. */
int tc_platform_getc(void);

/* Send all bytes; returns when the last one has been handed to the transport. */
void tc_platform_write(const uint8_t *bytes, size_t count);

/* Free-running counter, 32 bits, counts up and wraps at 2^32. What it counts and how fast is in
 * board_config.h (TC_TICKS_HZ, TC_TICKS_COUNT_CYCLES). Where the hardware counter is narrower, the
 * platform extends it. Must be an out-of-line function: the virtual board takes its exact
 * instruction counts at its entry. */
uint32_t tc_platform_ticks(void);

/* End of the program: never returns. On a PC or in QEMU the process ends with this code; on a
 * board, which has nowhere to go, the core sleeps. */
TC_NORETURN void tc_platform_exit(int code);

#endif
