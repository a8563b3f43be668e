/* Symbols that the linker script (board.ld) defines. Only their addresses mean anything. */
#ifndef TC_LINKER_H
#define TC_LINKER_H

#include <stdint.h>

extern uint32_t __tc_stack_bottom[]; /* lowest word of the stack */
extern uint32_t __tc_stack_top[];    /* one past its highest word: the initial stack pointer */
extern uint32_t __tc_data_start[];   /* .data in RAM */
extern uint32_t __tc_data_end[];
extern const uint32_t __tc_data_load[]; /* its image in flash */
extern uint32_t __tc_bss_start[];
extern uint32_t __tc_bss_end[];
extern uint8_t __tc_arena_start[];
extern uint8_t __tc_arena_end[];
extern const uint8_t __tc_build_id_start[]; /* the note .note.gnu.build-id, header included */
extern const uint8_t __tc_build_id_end[];
extern const uint32_t __tc_vectors_start[];

#endif
