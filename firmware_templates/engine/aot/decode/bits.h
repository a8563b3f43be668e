/* Reads a stream of bits, the first of each byte being its highest. Streams end in a word of
 * padding, so that what is read at once never leaves them. */
#ifndef TCK_DECODE_BITS_H
#define TCK_DECODE_BITS_H

#include "../tck_simd.h"

/* Whether a few bits are kept that were read already: on cores that load no words at any address.
 * A test says so of others. */
#ifndef TCK_BITS_KEPT
#define TCK_BITS_KEPT TCK_THUMB1
#endif

#if TCK_BITS_KEPT

/* How many bits tck_bits_next makes known, at least. */
#define TCK_BITS_KNOWN 16

typedef struct {
    const uint16_t *next;
    uint32_t kept; /* the next bits, from the highest down; 0 behind them */
    int32_t count; /* how many there are */
} tck_bits;

TCK_INLINE tck_bits tck_bits_from(const void *stream) {
    const tck_bits bits = {stream, 0, 0};
    return bits;
}

/* The next bits, from the highest down. */
TCK_INLINE uint32_t tck_bits_next(tck_bits *bits) {
    if (bits->count < 16) {
        bits->kept |= (uint32_t)__builtin_bswap16(*bits->next++) << (16 - bits->count);
        bits->count += 16;
    }
    return bits->kept;
}

/* Goes on by up to 16 bits. */
TCK_INLINE void tck_bits_drop(tck_bits *bits, uint32_t count) {
    bits->kept <<= count;
    bits->count -= (int32_t)count;
}

#else

#define TCK_BITS_KNOWN 25

typedef struct {
    const uint8_t *stream;
    uint32_t at; /* the next bit */
} tck_bits;

TCK_INLINE tck_bits tck_bits_from(const void *stream) {
    const tck_bits bits = {stream, 0};
    return bits;
}

TCK_INLINE uint32_t tck_bits_next(tck_bits *bits) {
    return __builtin_bswap32(tck_load_word(bits->stream + (bits->at >> 3))) << (bits->at & 7U);
}

TCK_INLINE void tck_bits_drop(tck_bits *bits, uint32_t count) {
    bits->at += count;
}

#endif
#endif
