/* A PC in the place of a board: room for any model. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include <stdint.h>

#define TC_BOARD_ARENA_MAX_BYTES INT32_MAX

#endif
