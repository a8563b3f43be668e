/* Copying and filling bytes: the firmware is freestanding, and has no <string.h>.
 *
 * The empty statements keep compilers from calling memcpy and memset for a few bytes. */
#ifndef TCK_BYTES_H
#define TCK_BYTES_H

#include "tck_simd.h"

/* By words, which may be unaligned. */
TCK_INLINE int8_t *tck_copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        uint32_t word = tck_load_word(from);
        __asm__("" : "+r"(word));
        tck_store_word(to, word);
    }
    for (; count > 0; --count) {
        int32_t byte = *from++;
        __asm__("" : "+r"(byte));
        *to++ = (int8_t)byte;
    }
    return to;
}

TCK_INLINE int8_t *tck_fill_bytes(int8_t *to, int32_t value, int32_t count) {
    for (; count > 0; --count) {
        __asm__("" : "+r"(value));
        *to++ = (int8_t)value;
    }
    return to;
}

#endif
