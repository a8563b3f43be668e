/* Reads a stream of bits, the first of each 16 being its highest. Streams end in padding, so that
 * the word in which the last bits are is never the last one. */
#ifndef TCK_DECODE_BITS_H
#define TCK_DECODE_BITS_H

#include "../tck_math.h"

typedef struct {
    const uint16_t *next;
    uint32_t buffer; /* the next bits, from the highest down; 0 behind them */
    int32_t count;   /* how many there are */
} tck_bits;

TCK_INLINE tck_bits tck_bits_from(const uint16_t *stream) {
    const tck_bits bits = {stream, 0, 0};
    return bits;
}

/* Makes at least 16 bits known. */
TCK_INLINE void tck_bits_fill(tck_bits *bits) {
    if (bits->count < 16) {
        bits->buffer |= (uint32_t)*bits->next++ << (16 - bits->count);
        bits->count += 16;
    }
}

/* Goes on by up to 16 bits. */
TCK_INLINE void tck_bits_drop(tck_bits *bits, uint32_t count) {
    bits->buffer <<= count;
    bits->count -= (int32_t)count;
}

#endif
