/* What start-up and the linker script know of memory. tc_startup.c implements this for Cortex-M;
 * the PC port has its own version. */
#ifndef TC_STARTUP_H
#define TC_STARTUP_H

#include <stdint.h>

/* Deepest use of the stack since reset, in bytes, counted from its top down to the lowest word that
 * no longer holds the pattern that start-up painted. 0 where the stack is not painted (a PC). */
uint32_t tc_stack_peak_bytes(void);

/* Size of the stack that the linker script set aside; 0 on a PC. */
uint32_t tc_stack_reserved_bytes(void);

/* .data and .bss: all static data but the arena and the stack; 0 on a PC. */
uint32_t tc_static_bytes(void);

/* Section of the arena: RAM that start-up neither loads nor clears, so an engine must write what it
 * reads. It may lie in another memory than .data and .bss. Where the linker script is not ours,
 * board_config.h says what to put here. */
#ifndef TC_ARENA
#define TC_ARENA __attribute__((section(".tc_arena")))
#endif

#endif
