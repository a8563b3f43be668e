/* CoreMark's port: what its own sources must know of the compiler and the board.
 *
 * For CoreMark 1.0 as EEMBC publishes it, which is not part of this project. Names are CoreMark's.
 */
#ifndef CORE_PORTME_H
#define CORE_PORTME_H

#include <stddef.h>
#include <stdint.h>

/* No C library to speak of: figures are read from memory, not printed. */
#define HAS_FLOAT  0
#define HAS_TIME_H 0
#define USE_CLOCK  0
#define HAS_STDIO  0
#define HAS_PRINTF 0

#define MAIN_HAS_NOARGC   1
#define MAIN_HAS_NORETURN 0
#define MULTITHREAD       1
#define MEM_METHOD        MEM_STATIC
#define SEED_METHOD       SEED_VOLATILE

#define COMPILER_VERSION __VERSION__
#define COMPILER_FLAGS   ""
#define MEM_LOCATION     "static"

typedef int8_t ee_s8;
typedef uint8_t ee_u8;
typedef int16_t ee_s16;
typedef uint16_t ee_u16;
typedef int32_t ee_s32;
typedef uint32_t ee_u32;
typedef float ee_f32;
typedef uintptr_t ee_ptr_int;
typedef size_t ee_size_t;
typedef uint32_t CORE_TICKS;

/* The next address that a word may have. */
#define align_mem(address) ((void *)(((ee_ptr_int)(address) + 3u) & ~(ee_ptr_int)3u))

typedef struct CORE_PORTABLE_S {
    ee_u8 unused; /* C has no empty struct */
} core_portable;

extern ee_u32 default_num_contexts;

void portable_init(core_portable *port, int *argc, char *argv[]);
void portable_fini(core_portable *port);
int ee_printf(const char *format, ...);

#endif
