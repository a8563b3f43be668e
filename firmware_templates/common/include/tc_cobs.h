/* Consistent Overhead Byte Stuffing (Cheshire & Baker 1999), in place: rewrites bytes so that none
 * is 0x00, which is then free to mark the ends of frames. */
#ifndef TC_COBS_H
#define TC_COBS_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes by which `count` bytes grow when they are encoded. */
#define TC_COBS_OVERHEAD(count) ((count) / 254u + 1u)

/* Encode the `count` bytes at buffer + TC_COBS_OVERHEAD(count). The result begins at buffer;
 * returns its length. */
size_t tc_cobs_encode(uint8_t *buffer, size_t count);

/* Decode `count` bytes, none of them 0x00, onto themselves. Returns the length of the result, which
 * is smaller than `count`; 0 if the bytes are not a whole encoding. */
size_t tc_cobs_decode(uint8_t *buffer, size_t count);

#endif
