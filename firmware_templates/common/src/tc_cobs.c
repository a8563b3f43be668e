#include "tc_cobs.h"

#include "tc_wire.h"

/* A block is a code byte and code - 1 bytes that are not zero; a zero follows it, unless its code
 * is the greatest or it is the last block. */
#define FULL_BLOCK 0xFFu

size_t tc_cobs_encode(uint8_t *buffer, size_t count) {
    const uint8_t *source = buffer + TC_COBS_OVERHEAD(count);
    size_t code_at = 0;
    size_t out = 1;
    uint8_t code = 1;
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = source[i];
        if (code == FULL_BLOCK) {
            buffer[code_at] = code;
            code_at = out++;
            code = 1;
        }
        if (byte == 0) {
            buffer[code_at] = code;
            code_at = out++;
            code = 1;
        } else {
            buffer[out++] = byte;
            code++;
        }
    }
    buffer[code_at] = code;
    return out;
}

size_t tc_cobs_decode(uint8_t *buffer, size_t count) {
    size_t in = 0;
    size_t out = 0;
    while (in < count) {
        const uint8_t code = buffer[in++];
        const size_t bytes = code - 1u;
        if (code == 0 || bytes > count - in) {
            return 0;
        }
        tc_copy(buffer + out, buffer + in, bytes);
        in += bytes;
        out += bytes;
        if (code != FULL_BLOCK && in < count) {
            buffer[out++] = 0;
        }
    }
    return out;
}
