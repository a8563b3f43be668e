#include "tc_build_id.h"

/* An ELF note: name size, description size and type (u32 each), "GNU" and its zero, then the id. */
#define NOTE_HEADER_BYTES 16u

/* The linker script puts these around the note. They are weak because a PC's linker, which has a
 * script of its own, knows nothing of them. */
extern const uint8_t __tc_build_id_start[] __attribute__((weak));
extern const uint8_t __tc_build_id_end[] __attribute__((weak));

void tc_build_id(uint8_t id[TC_BUILD_ID_BYTES]) {
    const uintptr_t start = (uintptr_t)__tc_build_id_start;
    const uintptr_t note_bytes = (uintptr_t)__tc_build_id_end - start;
    for (uint32_t i = 0; i < TC_BUILD_ID_BYTES; i++) {
        id[i] = note_bytes == NOTE_HEADER_BYTES + TC_BUILD_ID_BYTES
                    ? __tc_build_id_start[NOTE_HEADER_BYTES + i]
                    : 0u;
    }
}
