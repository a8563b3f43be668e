/* Board facts of the PC build; the same names as the generated board_config.h. */
#ifndef TC_BOARD_CONFIG_H
#define TC_BOARD_CONFIG_H

#define TC_BOARD_ID              "host"
#define TC_CORE_CLOCK_HZ         1000000000u /* nominal: a PC's core clock changes by the moment */
#define TC_TICKS_HZ              1000000000u /* nanoseconds of the monotonic clock */
#define TC_TICKS_COUNT_CYCLES    0
#define TC_STACK_BYTES           0u
#define TC_BOARD_FLASH_BYTES     0xFFFFFFFFu
#define TC_BOARD_RAM_BYTES       0xFFFFFFFFu
#define TC_BOARD_ARENA_MAX_BYTES 0x40000000u

#endif
